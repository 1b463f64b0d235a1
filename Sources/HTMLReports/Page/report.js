"use strict";
// Draws the page from the JSON in #data. What the checkpoint says becomes text or attributes, never markup.
(() => {
  const data = {match: null, values: null, difference: null, ...JSON.parse(document.getElementById("data").textContent)};
  const tensors = data.tensors, difference = data.difference, count = tensors.name.length;
  const hasStatistics = tensors.statistics.some(row => row !== null);
  const hasLayers = data.match !== null && data.match.trainable !== null;
  const byID = id => document.getElementById(id);

  // Control characters, and those that change the direction of writing, as Python's repr shows them.
  const visible = text => String(text).replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f]/g, character => {
    const code = character.charCodeAt(0).toString(16);
    return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[character] ?? (code.length < 3 ? "\\x" + code.padStart(2, "0") : "\\u" + code.padStart(4, "0"));
  });
  // The one place where text enters the page.
  function make(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [key, value] of Object.entries(properties)) {
      if (key === "class") element.className = value;
      else if (key === "text") element.textContent = visible(value);
      else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
      else if (key.startsWith("--")) element.style.setProperty(key, value);
      else element.setAttribute(key, visible(value));
    }
    element.append(...children.map(child => typeof child === "string" ? visible(child) : child));
    return element;
  }

  // MARK: Words

  const grouped = new Intl.NumberFormat("en-US");
  function bytes(size) {
    const units = ["bytes", "kB", "MB", "GB", "TB"];
    let place = 0;
    while (size >= 1000 && place < units.length - 1) { size /= 1000; place += 1; }
    return place === 0 ? `${size} ${size === 1 ? "byte" : "bytes"}` : `${size.toPrecision(3)} ${units[place]}`;
  }
  function short(number) {
    if (number < 1e6) return grouped.format(number);
    const [scale, word] = number < 1e9 ? [1e6, "million"] : [1e9, "billion"];
    return `${(number / scale).toPrecision(3)} ${word}`;
  }
  const counted = (number, noun) => `${grouped.format(number)} ${noun}${number === 1 ? "" : "s"}`;
  function figure(number) {
    if (number === null) return "";
    const size = Math.abs(number);
    return size !== 0 && (size < 1e-3 || size >= 1e6) ? number.toExponential(3) : String(Number(number.toPrecision(4)));
  }
  const elements = tensors.shape.map(shape => shape.reduce((product, size) => product * size, 1));

  // MARK: Differences

  // The places in difference.states: the bytes are equal in the first two; the last three have nothing to compare.
  const isEqual = place => difference.state[place] < 2, isOther = place => difference.state[place] > 2;
  const reach = place => isEqual(place) ? -1 : difference.distance[place] ?? Infinity;
  const isFarther = (place, other) => reach(place) > reach(other);

  // MARK: The tree of modules

  function node(name, path, parent) {
    return {name, path, parent, children: new Map(), tensor: -1, bytes: 0, elements: 0, tensors: 0, changed: 0, farthest: -1};
  }
  const root = node("", "", null);
  for (let place = 0; place < count; place += 1) {
    let here = root;
    // A name may be one level deeper than the screen can show, or ten thousand: the rest stays together.
    const parts = tensors.name[place].split(".");
    if (parts.length > 64) parts.splice(63, Infinity, parts.slice(63).join("."));
    const line = [root];
    parts.forEach((part, level) => {
      const key = level === parts.length - 1 && here.children.has(part) ? `${part} ${place}` : part;
      if (!here.children.has(key)) here.children.set(key, node(part, parts.slice(0, level + 1).join("."), here));
      here = here.children.get(key);
      line.push(here);
    });
    here.tensor = place;
    const isRepeated = tensors.repeated[place] === 1;
    for (const each of line) {
      each.tensors += 1;
      if (difference && difference.state[place] > 0) each.changed += 1;
      if (difference && (each.farthest < 0 || isFarther(place, each.farthest))) each.farthest = place;
      if (!isRepeated) { each.bytes += tensors.bytes[place]; each.elements += elements[place]; }
    }
  }
  // A module with one part is shown as `a.b`.
  function only(each) {
    let [here, name] = [each, each.name];
    while (here.tensor < 0 && here.children.size === 1) {
      here = here.children.values().next().value;
      name += "." + here.name;
    }
    return {here, name};
  }

  // MARK: Colours

  const hues = [210, 130, 35, 285, 0, 175, 60, 320];
  // Positive numbers on a logarithmic scale from blue to red; a null is on none.
  function scale(name, numbers) {
    const logs = numbers.map(number => number === null || number <= 0 ? null : Math.log10(number));
    const known = logs.filter(log => log !== null);
    const [least, most] = known.reduce(([low, high], each) => [Math.min(low, each), Math.max(high, each)], [Infinity, -Infinity]);
    return {name, least, most, isEmpty: known.length === 0,
      hue: place => logs[place] === null ? null : most > least ? 240 - 240 * (logs[place] - least) / (most - least) : 120};
  }
  const scales = {
    spread: scale("standard deviation", hasStatistics ? tensors.statistics.map(row => row === null ? null : row[3]) : []),
    distance: scale("relative L2 distance", difference?.distance ?? []),
  };
  const view = {size: "bytes", colour: difference ? "distance" : hasLayers ? "trainable" : !scales.spread.isEmpty ? "spread" : "type",
    layers: hasLayers ? data.match.layers : 0, root};

  function colour(place) {
    if (view.colour === "distance") {
      if (isEqual(place)) return {hue: 0, tint: "0%"};
      // What changed without a distance is as far as it can be, or, if that is zero, as near.
      return {hue: isOther(place) ? 290 : scales.distance.hue(place) ?? (difference.distance[place] === null ? 0 : 240)};
    }
    if (view.colour === "spread") {
      const hue = scales.spread.hue(place);
      return hue === null ? {hue: 0, tint: "0%"} : {hue};
    }
    if (view.colour === "trainable") {
      const from = data.match.trainable[place];
      return from === null ? {hue: 0, tint: "0%"} : from <= view.layers ? {hue: 130} : {hue: 215};
    }
    return {hue: hues[tensors.dtype[place] % hues.length]};
  }

  function legend() {
    const target = byID("legend");
    target.replaceChildren();
    const swatch = (hue, text, tint) => target.append(
      make("span", {class: "swatch", "--hue": hue, ...(tint ? {"--tint": tint} : {})}), visible(text));
    const shown = scales[view.colour];
    if (shown) {
      if (!shown.isEmpty && shown.least === shown.most) swatch(120, `${shown.name} ${figure(10 ** shown.least)}`);
      else if (!shown.isEmpty) {
        swatch(240, `${shown.name} ${figure(10 ** shown.least)}`);
        swatch(0, `${figure(10 ** shown.most)} (logarithmic)`);
      }
      if (view.colour === "distance") swatch(290, "other shape or dtype, or only in one file");
      swatch(0, view.colour === "distance" ? "the same" : "none", "0%");
    } else if (view.colour === "trainable") {
      swatch(130, "trains");
      swatch(215, "frozen");
      swatch(0, "buffer, or not in the model", "0%");
    } else {
      data.dtypes.forEach((dtype, place) => swatch(hues[place % hues.length], dtype));
    }
  }

  // MARK: Treemap

  // Squarified treemap; Bruls, Huizing and van Wijk, "Squarified Treemaps", 2000.
  function squarify(items, x, y, width, height, place) {
    let start = 0;
    let rest = items.reduce((sum, item) => sum + item.size, 0);
    while (start < items.length && rest > 0 && width > 0 && height > 0) {
      const side = Math.min(width, height), scale = width * height / rest;
      let end = start, sum = 0, worst = Infinity;
      while (end < items.length) {
        const next = sum + items[end].size * scale;
        const thickness = next / side;
        const ratio = Math.max(items[start].size * scale / thickness ** 2, thickness ** 2 / (items[end].size * scale));
        if (ratio > worst) break;
        [worst, sum, end] = [ratio, next, end + 1];
      }
      const thickness = sum / side;
      let along = 0;
      for (const item of items.slice(start, end)) {
        const length = item.size * scale / thickness;
        if (width >= height) place(item, x, y + along, thickness, length);
        else place(item, x + along, y, length, thickness);
        along += length;
        rest -= item.size;
      }
      if (width >= height) { x += thickness; width -= thickness; } else { y += thickness; height -= thickness; }
      start = end;
    }
  }

  function drawMap() {
    const map = byID("map"), fragment = document.createDocumentFragment();
    function draw(parent, x, y, width, height) {
      const items = [...parent.children.values()].map(child => ({child, size: child[view.size]}))
        .filter(item => item.size > 0).sort((a, b) => b.size - a.size);
      squarify(items, x, y, width, height, (item, left, top, across, down) => {
        if (across * down < 12) return;
        const {here, name} = only(item.child);
        const isLeaf = here.tensor >= 0;
        const holds = !isLeaf && across > 28 && down > 34 && across * down > 2500;
        const look = isLeaf ? colour(here.tensor) : holds ? null : colour(view.colour === "distance" ? here.farthest : largest(here));
        const rectangle = make("div", {class: holds ? "module" : ""});
        rectangle.style.cssText = `left:${left}px;top:${top}px;width:${across}px;height:${down}px`;
        if (look !== null) {
          rectangle.style.setProperty("--hue", look.hue);
          if (look.tint) rectangle.style.setProperty("--tint", look.tint);
        }
        if (across > 26 && down > 15) rectangle.textContent = visible(name);
        rectangle.node = here;
        fragment.append(rectangle);
        if (holds) draw(here, left + 2, top + 17, across - 4, down - 19);
      });
    }
    if (view.root.tensor < 0) draw(view.root, 0, 0, map.clientWidth, map.clientHeight);
    map.replaceChildren(fragment);
  }
  function largest(module) {
    let here = module;
    while (here.tensor < 0) here = [...here.children.values()].reduce((a, b) => b[view.size] > a[view.size] ? b : a);
    return here.tensor;
  }
  function describe(each) {
    const size = `${counted(each.elements, "parameter")}, ${bytes(each.bytes)}`;
    if (each.tensor < 0) return `${each.path}: ${counted(each.tensors, "tensor")}, ${size}${difference ? `; ${counted(each.changed, "change")}` : ""}`;
    return `${each.path}: ${data.dtypes[tensors.dtype[each.tensor]]} [${tensors.shape[each.tensor].join(", ")}], ${size}${change(each.tensor)}`;
  }
  function change(place) {
    if (!difference) return "";
    const distance = difference.distance[place], note = difference.note[place];
    return `; ${difference.states[difference.state[place]]}${distance === null ? "" : `, relative L2 distance ${figure(distance)}`}${note === null ? "" : `, ${note}`}`;
  }
  function zoom(each) {
    view.root = each.tensor >= 0 ? each.parent : each;
    drawModules();
  }

  function drawModules() {
    drawMap();
    legend();
    const line = [];
    for (let here = view.root; here !== null; here = here.parent) line.unshift(here);
    const parts = line.flatMap((each, place) => {
      const name = place === 0 ? "all" : each.name;
      const item = place === line.length - 1
        ? make("span", {"aria-current": "location", text: name})
        : make("button", {class: "link", type: "button", text: name, onclick: () => zoom(each)});
      return place === 0 ? [item] : [" › ", item];
    });
    parts.push(" ", make("button", {class: "link", type: "button", text: "(show its tensors)", onclick: () => {
      byID("filter").value = view.root === root ? "" : view.root.path + ".*";
      filter();
      byID("tensors").scrollIntoView();
    }}));
    byID("breadcrumb").replaceChildren(...parts);
    const children = [...view.root.children.values()].sort((a, b) => b[view.size] - a[view.size]);
    const total = view.root[view.size] || 1;
    const shown = children.slice(0, 400).map(child => {
      const {here, name} = only(child);
      const label = here.tensor >= 0 ? make("span", {text: name})
        : make("button", {class: "link", type: "button", text: name, onclick: () => zoom(here)});
      const share = child[view.size] / total;
      return make("tr", {},
        make("td", {class: "name"}, label),
        ...(difference ? [make("td", {class: "number", text: grouped.format(child.changed)}),
          make("td", {class: "number", text: isEqual(child.farthest) ? "" : figure(difference.distance[child.farthest])})] : []),
        make("td", {class: "number", text: short(child.elements)}),
        make("td", {class: "number", text: bytes(child.bytes)}),
        make("td", {}, make("span", {class: "bar", style: `width:${(80 * share).toFixed(1)}px`}),
          ` ${(100 * share).toFixed(share < 0.1 ? 1 : 0)}%`));
    });
    const table = byID("parts");
    table.tHead.replaceChildren(make("tr", {}, make("th", {text: "Part", scope: "col"}),
      ...(difference ? ["Changes", "Distance"].map(text => make("th", {class: "number", text, scope: "col"})) : []),
      make("th", {class: "number", text: "Parameters", scope: "col"}), make("th", {class: "number", text: "Bytes", scope: "col"}),
      make("th", {text: "Share", scope: "col"})));
    table.tBodies[0].replaceChildren(...shown);
    if (children.length > 400) {
      table.tBodies[0].append(make("tr", {}, make("td", {colspan: difference ? 6 : 4, text: `and ${grouped.format(children.length - 400)} smaller ones`})));
    }
  }

  function choices(title, name, options, choose) {
    const group = make("fieldset", {}, make("legend", {text: title}));
    for (const [value, text] of options) {
      const input = make("input", {type: "radio", name, value, onchange: () => { choose(value); drawModules(); }});
      input.checked = view[name] === value;
      group.append(make("label", {}, input, " " + text));
    }
    return group;
  }

  function startModules() {
    if (count === 0) return;
    byID("modules").hidden = false;
    const controls = byID("map-controls");
    controls.append(choices("Size", "size", [["bytes", "bytes"], ["elements", "parameters"]], value => { view.size = value; }));
    const colours = [["type", "type"]];
    if (!scales.spread.isEmpty) colours.push(["spread", "standard deviation"]);
    if (difference) colours.push(["distance", "distance"]);
    if (hasLayers) colours.push(["trainable", "trainable"]);
    if (colours.length > 1) {
      controls.append(choices("Colour", "colour", colours, value => { view.colour = value; }));
    }
    if (hasLayers) {
      const number = make("output", {text: String(view.layers)});
      const slider = make("input", {type: "range", min: 0, max: data.match.layerCount, value: view.layers, oninput: () => {
        view.layers = Number(slider.value);
        number.textContent = slider.value;
        view.colour = "trainable";
        for (const each of document.getElementsByName("colour")) each.checked = each.value === "trainable";
        drawModules();
      }});
      controls.append(make("label", {}, "Trainable layers ", slider, " ", number));
    }
    const map = byID("map"), status = byID("map-status");
    map.addEventListener("click", event => { if (event.target.node) zoom(event.target.node); });
    map.addEventListener("mousemove", event => { status.textContent = event.target.node ? visible(describe(event.target.node)) : ""; });
    let width = 0;
    new ResizeObserver(() => {
      if (map.clientWidth !== width) { width = map.clientWidth; drawMap(); }
    }).observe(map);
    drawModules();
  }

  // MARK: Types

  function startTypes() {
    if (data.types.length === 0) return;
    byID("types").hidden = false;
    const total = data.types.reduce((sum, type) => sum + type.bytes, 0) || 1;
    byID("type-table").tHead.append(make("tr", {}, ...["Type", "Tensors", "Bytes", "Share"].map((text, place) =>
      make("th", {text, scope: "col", class: place === 1 || place === 2 ? "number" : ""}))));
    byID("type-table").tBodies[0].append(...data.types.map(type => make("tr", {},
      make("td", {}, make("code", {text: type.dtype})), make("td", {class: "number", text: grouped.format(type.tensors)}),
      make("td", {class: "number", text: bytes(type.bytes)}),
      make("td", {}, make("span", {class: "bar", style: `width:${(240 * type.bytes / total).toFixed(1)}px`}),
        ` ${(100 * type.bytes / total).toFixed(1)}%`))));
  }

  // MARK: The table of tensors

  const at = place => row => row === null ? null : row[place];
  const columns = [
    {title: "Name", isText: true, isWord: true, value: place => tensors.name[place]},
    {title: "Type", isText: true, isWord: true, value: place => data.dtypes[tensors.dtype[place]] + (tensors.kind[place] ? ` ${tensors.kind[place]}` : "")},
    {title: "Shape", isText: true, value: place => elements[place], text: place => `[${tensors.shape[place].join(", ")}]`},
    {title: "Parameters", value: place => elements[place], text: place => grouped.format(elements[place])},
    {title: "Bytes", value: place => tensors.bytes[place], text: place => bytes(tensors.bytes[place])},
    ...(hasStatistics ? [
      {title: "Histogram", isPicture: true},
      ...["Min", "Max", "Mean", "Std"].map((title, index) => (
        {title, value: place => at(index)(tensors.statistics[place]), text: place => figure(at(index)(tensors.statistics[place]))})),
      ...["Zeros", "NaN", "Inf"].map((title, index) => (
        {title, value: place => at(4 + index)(tensors.statistics[place]), isAlarm: index > 0,
          text: place => tensors.statistics[place] === null ? "" : grouped.format(tensors.statistics[place][4 + index])})),
    ] : []),
    ...(difference ? [
      {title: "Change", isText: true, isWord: true, value: place => difference.states[difference.state[place]]},
      ...[["Relative L2", "distance"], ["Largest", "largest"], ["Mean", "mean"], ["Cosine", "cosine"]].map(([title, key]) => (
        {title, value: key === "distance" ? reach : place => difference[key][place], text: place => figure(difference[key][place])})),
      {title: "Elements", value: place => difference.elements[place],
        text: place => difference.elements[place] === null ? "" : grouped.format(difference.elements[place])},
      {title: "Note", isText: true, isWord: true, value: place => difference.note[place], text: place => difference.note[place] ?? ""},
    ] : []),
  ];
  const rowHeight = 28, printedRows = 3000;
  // Of a difference first what changed most.
  let order = [], sorted = {column: columns.findIndex(column => column.title === "Relative L2"), isDescending: true}, drawn = [-1, -1];

  function histogram(text) {
    const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    picture.setAttribute("class", "histogram");
    picture.setAttribute("width", text.length * 3);
    picture.setAttribute("height", 24);
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", "distribution of the elements");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    let line = "";
    for (let place = 0; place < text.length; place += 1) {
      const height = (text.charCodeAt(place) - 48) * 24 / 63;
      if (height > 0) line += `M${place * 3} 24v${-height}h2.6v${height}z`;
    }
    path.setAttribute("d", line);
    picture.append(path);
    return picture;
  }

  function row(place, number) {
    const line = make("tr", {"aria-rowindex": number + 2});
    columns.forEach((column, index) => {
      if (column.isPicture) {
        const text = tensors.histogram[place];
        line.append(make("td", {}, ...(text ? [histogram(text)] : [])));
        return;
      }
      const text = column.text ? column.text(place) : column.value(place);
      const cell = make("td", {text, class: index === 0 ? "name" : column.isText ? "" : "number"});
      if (index === 0) cell.title = visible(text);
      if (column.isAlarm && column.value(place) > 0) cell.classList.add("bad");
      line.append(cell);
    });
    return line;
  }

  function drawRows(all = false) {
    const box = byID("rows"), body = byID("tensor-table").tBodies[0];
    const screen = Math.ceil(box.clientHeight / rowHeight);
    let first = Math.max(0, Math.floor(box.scrollTop / rowHeight) - 20), last = Math.min(order.length, first + screen + 40);
    if (all) [first, last] = [0, Math.min(order.length, printedRows)];
    if (drawn[0] === first && drawn[1] === last) return;
    drawn = [first, last];
    const lines = order.slice(first, last).map((place, index) => row(place, first + index));
    const space = height => make("tr", {class: "space", "aria-hidden": "true"}, make("td", {colspan: columns.length, style: `height:${height}px`}));
    if (first > 0) lines.unshift(space(first * rowHeight));
    if (all && last < order.length) lines.push(make("tr", {}, make("td", {colspan: columns.length, text: `and ${counted(order.length - last, "more tensor")}: filter to print them`})));
    else if (last < order.length) lines.push(space((order.length - last) * rowHeight));
    body.replaceChildren(...lines);
  }

  function pattern(text) {
    const escape = part => part.replace(/[\\^$.+?()[\]{}|*]/g, "\\$&");
    if (!text.includes("*")) return name => name.includes(text);
    // Each part after the one before it: no expression that could take long.
    const parts = text.split("*");
    return name => {
      if (!name.startsWith(parts[0])) return false;
      let from = parts[0].length;
      for (const part of parts.slice(1, -1)) {
        const found = name.indexOf(part, from);
        if (found < 0) return false;
        from = found + part.length;
      }
      const last = parts[parts.length - 1];
      return name.length - from >= last.length && name.endsWith(last);
    };
  }

  function filter() {
    const matches = pattern(byID("filter").value), type = byID("type-filter").value, state = byID("change-filter").value;
    order = [];
    for (let place = 0; place < count; place += 1) {
      if (matches(tensors.name[place]) && (type === "" || tensors.dtype[place] === Number(type))
        && (state === "" || difference.state[place] === Number(state))) order.push(place);
    }
    byID("row-count").textContent = order.length === count ? counted(count, "tensor")
      : `${grouped.format(order.length)} of ${counted(count, "tensor")}`;
    sort();
  }

  function sort() {
    if (sorted.column >= 0) {
      const {value} = columns[sorted.column], sign = sorted.isDescending ? -1 : 1;
      const keys = new Map(order.map(place => [place, value(place)]));
      order.sort((a, b) => {
        const [x, y] = [keys.get(a), keys.get(b)];
        if (x === y) return a - b;
        if (x === null || y === null) return x === null ? 1 : -1;
        return x < y ? -sign : sign;
      });
    }
    const table = byID("tensor-table");
    table.setAttribute("aria-rowcount", order.length + 1);
    [...table.tHead.rows[0].cells].forEach((cell, index) => {
      if (index === sorted.column) cell.setAttribute("aria-sort", sorted.isDescending ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    });
    byID("rows").scrollTop = 0;
    drawn = [-1, -1];
    drawRows();
  }

  function startTensors() {
    const heads = columns.map((column, index) => {
      if (column.isPicture) return make("th", {scope: "col", text: column.title});
      const button = make("button", {type: "button", text: column.title, onclick: () => {
        // First the largest numbers, and names from A to Z.
        const isDescending = sorted.column === index ? !sorted.isDescending : !column.isWord;
        sorted = {column: index, isDescending};
        sort();
      }});
      return make("th", {scope: "col", class: column.isText ? "" : "number"}, button);
    });
    byID("tensor-table").tHead.append(make("tr", {"aria-rowindex": 1}, ...heads));
    data.dtypes.forEach((dtype, place) => byID("type-filter").append(make("option", {value: place, text: dtype})));
    if (difference) {
      byID("change-control").hidden = false;
      difference.states.forEach((state, place) => {
        if (difference.state.includes(place)) byID("change-filter").append(make("option", {value: place, text: state}));
      });
    }
    byID("change-filter").addEventListener("change", filter);
    byID("filter").addEventListener("input", filter);
    byID("type-filter").addEventListener("change", filter);
    byID("rows").addEventListener("scroll", () => requestAnimationFrame(() => drawRows()), {passive: true});
    window.addEventListener("beforeprint", () => { drawn = [-1, -1]; drawRows(true); });
    window.addEventListener("afterprint", () => { drawn = [-1, -1]; drawRows(); });
    filter();
  }

  // MARK: Findings

  function list(names, limit = 100) {
    const items = names.slice(0, limit).map(name => make("li", {}, make("code", {text: name})));
    if (names.length > limit) items.push(make("li", {class: "quiet", text: `and ${grouped.format(names.length - limit)} more`}));
    return make("ul", {class: "names"}, ...items);
  }

  function startMatch() {
    const match = data.match;
    if (match === null) return;
    byID("match").hidden = false;
    byID("match").append(make("p", {class: match.isExact ? "" : "bad", text: match.sentence}));
    for (const [title, names] of match.lists) {
      if (names.length > 0) byID("match").append(make("h3", {text: `${title} (${grouped.format(names.length)})`}), list(names));
    }
  }

  function startFindings() {
    const target = byID("findings"), parts = [];
    for (const finding of data.findings) {
      const box = make("div", {class: finding.isAlarm ? "box alarm" : "box"});
      box.append(make("strong", {class: finding.isAlarm ? "bad" : "", text: finding.title}));
      if (finding.names.length > 0) box.append(list(finding.names));
      parts.push(box);
    }
    if (hasStatistics) {
      const bad = [...tensors.name.keys()].filter(place => tensors.statistics[place] !== null && (tensors.statistics[place][5] > 0 || tensors.statistics[place][6] > 0));
      if (bad.length > 0) {
        parts.unshift(make("div", {class: "box alarm"},
          make("strong", {class: "bad", text: `NaN or infinity in ${counted(bad.length, "tensor")}`}), list(bad.map(place => tensors.name[place]))));
      }
    }
    if (parts.length === 0) return;
    target.hidden = false;
    target.append(...parts);
  }

  function startValues() {
    if (data.values === null || Object.keys(data.values).length === 0) return;
    byID("values").hidden = false;
    // Opened one level at a time: a value may be nested thousands deep.
    function tree(name, value) {
      if (value === null || typeof value !== "object") {
        return make("div", {class: "leaf"}, make("code", {text: name}), ": ", make("code", {text: JSON.stringify(value)}));
      }
      const entries = Object.entries(value);
      const details = make("details", {}, make("summary", {}, make("code", {text: name}),
        make("span", {class: "quiet", text: Array.isArray(value) ? ` ${counted(entries.length, "item")}` : ` ${counted(entries.length, "key")}`})));
      details.addEventListener("toggle", () => {
        if (!details.open || details.childElementCount > 1) return;
        details.append(...entries.slice(0, 1000).map(([key, item]) => tree(key, item)));
        if (entries.length > 1000) details.append(make("div", {class: "leaf quiet", text: `and ${grouped.format(entries.length - 1000)} more`}));
      });
      return details;
    }
    byID("values").append(...Object.entries(data.values).map(([name, value]) => tree(name, value)));
  }

  startModules();
  startTypes();
  startTensors();
  startMatch();
  startFindings();
  startValues();
  for (const section of document.querySelectorAll("main > section:not([hidden])")) {
    byID("sections").append(make("li", {}, make("a", {href: "#" + section.id, text: section.querySelector("h2").textContent})));
  }
  document.documentElement.dataset.ready = "yes";
})();
