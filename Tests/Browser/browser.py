"""Opens reports of `pth2swt inspect --html` and `diff --html` in a headless Chromium and uses them.

    python3 Tests/Browser/browser.py COMMAND FOLDER

COMMAND is the pth2swt to test; FOLDER keeps the pages and their screenshots. Checkpoints are made here, as safetensors.
"""

import array
import base64
import json
import math
import pathlib
import random
import struct
import subprocess
import sys

from chromium import Chromium

HOSTILE = ["<script>alert(1)</script>", "</script><img src=x onerror=alert(1)>", "\"'><b>", "‮gnp.exe⁦", "a\x1b[31m\nb",
           "__proto__", "<!--<script>", "{{script}}", "&amp;"]
# Every visible text, whether its contrast with what is behind it is 4.5 to 1 (WCAG 2.2, 1.4.3).
CONTRAST = """
(() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgb = color => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const part = value => value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const behind = element => {
    for (let each = element; each; each = each.parentElement) {
      const color = rgb(getComputedStyle(each).backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255, 255];
  };
  const faults = [];
  for (const element of document.querySelectorAll("body *")) {
    const hasText = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim() !== "");
    if (!hasText || element.closest("script, style, noscript, option") || element.getClientRects().length === 0) continue;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faults.push(`${element.tagName} ${element.textContent.slice(0, 20)}: ${ratio.toFixed(2)}`);
  }
  return faults;
})()
"""

passed = failed = 0


def check(what: str, holds: bool, found=None) -> None:
    global passed, failed
    passed, failed = passed + holds, failed + (not holds)
    print(f"{'ok    ' if holds else 'FAILED'} {what}" + ("" if holds else f": {found}"))


def write_safetensors(path: pathlib.Path, tensors: dict, metadata: dict | None = None) -> None:
    header, data, offset = {"__metadata__": metadata} if metadata else {}, [], 0
    for name, (shape, values) in tensors.items():
        piece = struct.pack(f"<{len(values)}f", *values)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + len(piece)]}
        data.append(piece)
        offset += len(piece)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(data))


def page_of(source: pathlib.Path, *options: str) -> pathlib.Path:
    page = source.with_suffix(".html")
    subprocess.run([tool, "inspect", source, "--html", page, "--force", *options], check=True, stdout=subprocess.DEVNULL)
    return page


def difference_of(first: pathlib.Path, second: pathlib.Path) -> pathlib.Path:
    page = second.with_suffix(".html")
    done = subprocess.run([tool, "diff", first, second, "--html", page, "--force"], stdout=subprocess.DEVNULL)
    check("diff exits with 1 where tensors differ", done.returncode == 1, done.returncode)
    return page


def screenshot(browser: Chromium, name: str, scheme: str = "light", width: int = 1280, height: int = 900) -> None:
    """Leaves the top of the page as a picture; `report` is the one in docs/images."""
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
    browser.run("scrollTo(0, 0)")
    browser.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    data = browser.call("Page.captureScreenshot", format="png")["data"]
    (folder / f"{name}.png").write_bytes(base64.b64decode(data))


def rows(browser: Chromium) -> list:
    """The names in the table, as far as they are drawn."""
    return browser.run("[...document.querySelectorAll('#tensor-table td.name')].map(cell => cell.textContent)")


def test_use(browser: Chromium) -> None:
    numbers = random.Random(7)
    names = {f"backbone.layer{layer}.{block}.conv{conv}.weight": (layer * 8, 9) for layer in (1, 2, 3) for block in (0, 1) for conv in (1, 2)}
    tensors = {name: ([a, b], [numbers.gauss(0, 0.1 * a) for _ in range(a * b)]) for name, (a, b) in names.items()}
    tensors["head.bias"] = ([3], [1.0, float("nan"), float("inf")])
    source = folder / "use.safetensors"
    write_safetensors(source, tensors, {"epoch": "7"})
    browser.open(page_of(source))
    check("a report loads without errors", browser.errors == [] and browser.run("document.documentElement.dataset.ready") == "yes", browser.errors)
    check("it loads nothing else", len(browser.requests) == 1, browser.requests)
    check("the table has every tensor", rows(browser) == list(tensors), rows(browser))
    check("NaN and infinity are found", "head.bias" in browser.run("document.querySelector('#findings .alarm').textContent"))

    browser.run("document.getElementById('filter').focus()")
    browser.call("Input.insertText", text="*layer2*conv1*")
    check("typing a pattern filters", rows(browser) == [name for name in tensors if "layer2" in name and "conv1" in name], rows(browser))
    check("the count is announced", browser.run("document.getElementById('row-count').textContent") == "2 of 13 tensors")
    browser.run("document.getElementById('filter').value = ''; document.getElementById('filter').dispatchEvent(new Event('input'))")

    browser.run("[...document.querySelectorAll('#tensor-table th button')].find(button => button.textContent === 'Parameters').focus()")
    browser.key("Enter", 13)
    largest = sorted(tensors, key=lambda name: -len(tensors[name][1]))
    check("Enter on a column sorts, the largest first", rows(browser) == largest, rows(browser))
    check("the order is announced", browser.run("document.querySelector('[aria-sort]').getAttribute('aria-sort')") == "descending")

    area = browser.run("document.querySelectorAll('#map div').length")
    check("the map has a rectangle for each tensor of size", area >= len(names), area)
    browser.run("document.querySelector('#parts button').focus()")
    browser.key("Enter", 13)
    check("Enter on a module zooms", browser.run("document.querySelector('#breadcrumb [aria-current]').textContent") == "backbone")
    browser.run("document.querySelector('#breadcrumb button').click()")
    place = browser.run("(() => { document.getElementById('map').scrollIntoView(); const box = document.querySelector('#map div').getBoundingClientRect(); return [box.x + 40, box.y + 8]; })()")
    for kind in ("mousePressed", "mouseReleased"):
        browser.call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)
    check("a click on the map zooms", browser.run("document.querySelector('#breadcrumb [aria-current]').textContent") != "all")

    pdf = base64.b64decode(browser.call("Page.printToPDF", preferCSSPageSize=True)["data"])
    check("it prints", pdf.startswith(b"%PDF") and len(pdf) > 10_000, len(pdf))


def test_access(browser: Chromium, name: str = "use") -> None:
    """Checks the page that is open."""
    for scheme in ("light", "dark"):
        screenshot(browser, f"{name}-{scheme}", scheme)
        faults = browser.run(CONTRAST)
        check(f"text has contrast in {scheme}", faults == [], faults)
    screenshot(browser, f"{name}-narrow", width=480)
    check("a narrow page does not scroll sideways", browser.run("document.documentElement.scrollWidth <= innerWidth"))
    nodes = [node for node in browser.call("Accessibility.getFullAXTree")["nodes"] if not node["ignored"]]
    roles = [node["role"]["value"] for node in nodes]
    for role in ("banner", "main", "navigation", "contentinfo"):
        check(f"there is a landmark: {role}", role in roles)
    check("there is one heading of the first level", len([
        node for node in nodes if node["role"]["value"] == "heading"
        and any(each["name"] == "level" and each["value"]["value"] == 1 for each in node["properties"])]) == 1)
    nameless = [node["role"]["value"] for node in nodes
                if node["role"]["value"] in ("button", "link", "textbox", "searchbox", "combobox", "radio", "slider", "region")
                and not node.get("name", {}).get("value")]
    check("everything that can be used has a name", nameless == [], nameless)


def test_hostile(browser: Chromium) -> None:
    source = folder / "hostile <b>&\".safetensors"
    write_safetensors(source, {f"{a}.{b}": ([2], [0.5, 1.5]) for a in HOSTILE for b in HOSTILE}, dict(zip(HOSTILE, HOSTILE)))
    browser.open(page_of(source))
    check("hostile names load without errors", browser.errors == [], browser.errors)
    check("they load nothing", len(browser.requests) == 1, browser.requests)
    check("they make no elements", browser.run("document.querySelectorAll('main img, main b, main script').length") == 0)
    text = browser.run("document.body.textContent + [...document.querySelectorAll('[title]')].map(each => each.title).join('')")
    shown = text[text.index("Skip"):text.index("Made by")]
    check("they are shown as they are", all(each in shown for each in HOSTILE[:3] + HOSTILE[5:]))
    check("controls are shown as escapes", "\\u202egnp.exe\\u2066" in shown and "a\\x1b[31m\\nb" in shown)
    check("no control is left", not any(each in shown for each in "‮⁦\x1b"))
    ran = browser.run("""(() => { const script = document.createElement('script'); script.textContent = 'window.ran = 1';
                          document.body.append(script); return window.ran ?? 0; })()""")
    check("the page runs no other script", ran == 0)


def test_difference(browser: Chromium) -> None:
    numbers = random.Random(11)
    draw = lambda count, spread=1.0: [numbers.gauss(0, spread) for _ in range(count)]
    first = {f"encoder.{layer}.{part}.weight": ([16, 8], draw(128)) for layer in range(4) for part in ("query", "key", "value")}
    first |= {"encoder.permuted": ([2, 3], [1, 2, 3, 4, 5, 6]), "head.bias": ([4], draw(4)), "gone.weight": ([8, 8], draw(64)),
              "head.shape": ([4], draw(4)), "old.name": ([3, 3], draw(9)), "head.zero": ([4], [0.0] * 4)}
    second = dict(first)
    for layer in range(4):
        for part in ("query", "key"):
            name = f"encoder.{layer}.{part}.weight"
            second[name] = ([16, 8], [value + numbers.gauss(0, 10.0 ** (layer - 4)) for value in first[name][1]])
    second |= {"encoder.permuted": ([3, 2], [1, 4, 2, 5, 3, 6]), "new.weight": ([8, 8], draw(64)), "head.shape": ([2], draw(2)),
               "new.name": second.pop("old.name"), "head.zero": ([4], [1.0] * 4)}
    del second["gone.weight"]
    sources = folder / "epoch1.safetensors", folder / "epoch2.safetensors"
    for source, tensors in zip(sources, (first, second)):
        write_safetensors(source, tensors)
    browser.open(difference_of(*sources))
    check("a difference loads without errors, and nothing else", browser.errors == [] and len(browser.requests) == 1, browser.errors)
    check("it is told in a sentence", "19 tensors: 9 with changed values, 2 of another shape or dtype, 1 renamed, "
          "1 only in epoch1.safetensors, 1 only in epoch2.safetensors" in browser.run("document.getElementById('sentence').textContent"),
          browser.run("document.getElementById('sentence').textContent"))
    shown = rows(browser)
    check("the table has the tensors of both, what changed most first",
          set(shown) == set(second) | {"gone.weight"} and shown[4] == "gone.weight" and shown[5].startswith("encoder.3."), shown)
    check("the order is announced", browser.run("document.querySelector('[aria-sort]').textContent") == "Relative L2")
    text = browser.run("document.getElementById('tensor-table').textContent")
    check("what makes tensors equal is said", "equal after permuting [1, 0]" in text and "was old.name" in text)
    hue = "each => [each.node.path, each.style.getPropertyValue('--hue') + (each.style.getPropertyValue('--tint') || '')]"
    hues = dict(browser.run(f"[...document.querySelectorAll('#map div')].filter(each => each.node.tensor >= 0).map({hue})"))
    check("the map goes from blue to red with the distance", 240 == round(float(hues["encoder.0.key.weight"])) or
          240 == round(float(hues["encoder.0.query.weight"])), hues)
    check("and is redder for the layer that changed most", float(hues["encoder.3.key.weight"]) < 20 < float(hues["encoder.1.key.weight"]), hues)
    check("a module too small to open has the colour of what changed most in it",
          browser.run("[...document.querySelectorAll('#map div')].filter(each => each.node.path === 'head').map(each => each.style.getPropertyValue('--hue'))") == ["290"])
    check("what is the same has no colour, and what is only in one another", hues["encoder.0.value.weight"] == "00%" and hues["gone.weight"] == "290", hues)
    browser.run("(() => { const choice = document.getElementById('change-filter'); choice.value = '4'; choice.dispatchEvent(new Event('change')); })()")
    check("a change can be chosen", rows(browser) == ["gone.weight"], rows(browser))
    browser.run("(() => { const choice = document.getElementById('change-filter'); choice.value = ''; choice.dispatchEvent(new Event('change')); })()")
    browser.run("document.querySelector('#parts button').focus()")
    browser.key("Enter", 13)
    check("Enter on a module zooms into a difference", browser.run("document.querySelector('#breadcrumb [aria-current]').textContent") == "encoder")
    parts = browser.run("[...document.querySelectorAll('#parts tr')].map(row => [...row.cells].map(cell => cell.textContent))")
    check("parts have their changes", parts[0][1:3] == ["Changes", "Distance"] and parts[1][1] == "2" and 0 < float(parts[1][2]) < 1, parts)
    browser.run("document.querySelector('#breadcrumb button').click()")
    pdf = base64.b64decode(browser.call("Page.printToPDF", preferCSSPageSize=True)["data"])
    check("a difference prints", pdf.startswith(b"%PDF") and len(pdf) > 10_000, len(pdf))
    test_access(browser, "difference")

    hostile = {f"{a}.{b}": ([2], [0.5, 1.5]) for a in HOSTILE for b in HOSTILE}
    sources = folder / "one <b>&\".safetensors", folder / "two <img src=x>.safetensors"
    write_safetensors(sources[0], hostile)
    write_safetensors(sources[1], {name + "x" if place % 3 == 0 else name: (shape, [value + place % 2 for value in values])
                                   for place, (name, (shape, values)) in enumerate(hostile.items())})
    browser.open(difference_of(*sources))
    check("hostile names in a difference load without errors", browser.errors == [] and len(browser.requests) == 1, browser.errors)
    check("they make no elements there", browser.run("document.querySelectorAll('main img, main b, main script, header b, header img').length") == 0)
    shown = browser.run("document.body.textContent")
    shown = shown[shown.index("Skip"):shown.index("Made by")]
    check("no control is left there", not any(each in shown for each in "‮⁦\x1b"))

    many = {f"encoder.layers.{layer}.block.{part}.weight": ([4, 8], draw(32)) for layer in range(200) for part in range(100)}
    sources = folder / "many1.safetensors", folder / "many2.safetensors"
    write_safetensors(sources[0], many)
    write_safetensors(sources[1], {name: (shape, [value * 1.01 + 1e-3 for value in values]) for name, (shape, values) in many.items()})
    page = difference_of(*sources)
    browser.open(page)
    size = page.stat().st_size
    check("20,000 changed tensors take under 8 MB", size < 8_000_000, size)
    milliseconds = browser.run("performance.getEntriesByType('navigation')[0].domComplete")
    print(f"       20,000 changed tensors: {size / 1e6:.1f} MB, complete after {milliseconds:.0f} ms")
    check("only the rows on the screen exist", 10 < len(rows(browser)) < 150, len(rows(browser)))
    for source in sources:
        source.unlink()


def test_models(browser: Chromium) -> None:
    registry = json.loads(subprocess.run([tool, "registry", "resnet18", "--json"], check=True, capture_output=True).stdout)
    specs = registry["parameters"] if isinstance(registry, dict) else registry
    source = folder / "resnet18.safetensors"
    # Weights as a model has them before training, from one block of numbers: Python would take long to draw them all.
    numbers = random.Random(5)
    block = [numbers.gauss(0, 1) for _ in range(4096)]
    header, data, offset = {}, [], 0
    for spec in specs:
        count = math.prod(spec["shape"])
        if spec["name"].endswith("num_batches_tracked"):
            kind, piece = "I64", bytes(8)
        else:
            spread = math.sqrt(2 / math.prod(spec["shape"][1:])) if len(spec["shape"]) > 1 else 0
            middle = 1 if spread == 0 and spec["name"].endswith(("weight", "running_var")) else 0
            part = array.array("f", [middle + spread * number for number in block]).tobytes()
            kind, piece = "F32", (part * (count // 4096 + 1))[:4 * count]
        header[spec["name"]] = {"dtype": kind, "shape": spec["shape"], "data_offsets": [offset, offset + len(piece)]}
        data.append(piece)
        offset += len(piece)
    text = json.dumps(header).encode()
    source.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(data))
    browser.open(page_of(source, "--model", "resnet18"))
    check("a match is stated", "match resnet18 exactly" in browser.run("document.getElementById('match').textContent"))
    colours = "[...document.querySelectorAll('#map div')].filter(each => each.style.getPropertyValue('--hue') === '215').length"
    frozen = []
    for layers in (5, 0, 2):
        browser.run(f"(() => {{ const slider = document.querySelector('input[type=range]'); slider.value = {layers}; slider.dispatchEvent(new Event('input')); }})()")
        frozen.append(browser.run(colours))
    check("fewer trainable layers freeze more of the map", frozen[0] == 0 < frozen[2] < frozen[1], frozen)
    screenshot(browser, "report", width=1200, height=830)
    source.unlink()


def test_many(browser: Chromium) -> None:
    source = folder / "many.safetensors"
    numbers = random.Random(3)
    write_safetensors(source, {f"encoder.layers.{layer}.block.{part}.weight": ([4, 8], [numbers.gauss(0, 1) for _ in range(32)])
                               for layer in range(200) for part in range(100)})
    page = page_of(source)
    size = page.stat().st_size
    check("20,000 tensors with statistics take under 8 MB", size < 8_000_000, size)
    browser.open(page)
    milliseconds = browser.run("performance.getEntriesByType('navigation')[0].domComplete")
    print(f"       20,000 tensors: {size / 1e6:.1f} MB, complete after {milliseconds:.0f} ms")
    for place in (0, 300_000, 10_000_000):
        browser.run(f"document.getElementById('rows').scrollTop = {place}")
        browser.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        drawn = len(rows(browser))
        check(f"at {place} pixels only the rows on the screen exist", 10 < drawn < 150, drawn)
    check("the last row is reached", rows(browser)[-1] == "encoder.layers.199.block.99.weight", rows(browser)[-1])


if __name__ == "__main__":
    tool, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    with Chromium() as browser:
        for test in (test_use, test_access, test_hostile, test_difference, test_models, test_many):
            test(browser)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)
