#!/usr/bin/env python3
"""Compiles and runs every Swift block of every page, as shown, in a package that depends on this one.

A block is compiled with its own import lines, in a target that links the products which it imports, once as Swift 6 compiles
it by default and once with MemberImportVisibility. Where Linux grants a mount namespace, each product is built in a root
without the headers and libraries of all C libraries that it does not need. Printed are the modules that were compiled for
each product, and the C libraries that its client is linked with. The package stays in .build-clients.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

import declared

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "Tests/Clients"
WORK = ROOT / ".build-clients"

# Of each product, in the order in which they are built: the modules that a client of it may compile, and the C libraries that
# it may need.
PRODUCTS = {
    "StateDicts": ({"StateDicts"}, {"z"}),
    "ModelParameters": ({"StateDicts", "ModelParameters"}, {"z"}),
    "TorchCheckpoints": ({"StateDicts", "TorchCheckpoints"}, {"z", "zip"}),
    "TorchHub": ({"StateDicts", "Digests", "TorchHub"}, {"z", "crypto", "curl"}),
    "VisionModels": ({"StateDicts", "ModelParameters", "VisionModels"}, {"z"}),
    "VisionInference": (
        {"StateDicts", "ModelParameters", "VisionModels", "VisionInference"}, {"z", "dnnl", "jpeg", "png16"}),
}

# What is on the disk of each C library, below /usr. libdeflate is opened when a program runs, and no client needs it.
FILES = {
    "zip": "include/zip.h include/zipconf.h lib/*/libzip.so lib/*/pkgconfig/libzip.pc",
    "deflate": "include/libdeflate.h lib/*/libdeflate.so* lib/*/pkgconfig/libdeflate.pc",
    "crypto": "include/openssl include/*/openssl lib/*/libcrypto.so lib/*/pkgconfig/libcrypto.pc",
    "curl": "include/curl include/*/curl lib/*/libcurl.so lib/*/pkgconfig/libcurl.pc",
    "dnnl": "include/oneapi include/dnnl* include/*/dnnl* lib/*/libdnnl.so",
    "jpeg": "include/jpeglib.h include/jerror.h include/*/jconfig.h lib/*/libjpeg.so lib/*/pkgconfig/libjpeg.pc",
    "png16": "include/png.h include/libpng16 lib/*/libpng*.so lib/*/pkgconfig/libpng*.pc",
}

# Packages that the pages mention, as far as they do.
STUBS = ["MLX", "MLXNN"]

# The file that is `url` in the samples of a set of products; those of other sets are compiled and not run.
URLS = {
    "StateDicts": "safetensors_files/state_dict.safetensors",
    "TorchCheckpoints": "state_dicts/lightning.pth",
}


class Block:
    """A Swift block of a page."""

    def __init__(self, page, line, text):
        self.page, self.line, self.text = page, line, text
        lines = text.splitlines(keepends=True)
        self.imports = [line for line in lines if re.match(r"(@\S+ )?import ", line)]
        self.rest = [line for line in lines if line not in self.imports]
        # A block about another package alone goes with the pages' main product.
        self.products = [name for name in PRODUCTS if any(re.search(rf"import {name}\b", line) for line in self.imports)] or [
            "TorchCheckpoints"]
        self.name = re.sub(r"\W+", "_", page.removesuffix(".md")) + f"_{line}"

    @property
    def is_test(self):
        return any("import Testing" in line for line in self.imports)

    @property
    def declares(self):
        """Whether it stands by itself in a file; else it is a function's body."""
        return self.is_test or any(line.startswith("extension ") for line in self.rest)

    @property
    def effects(self):
        """Of the function: in an asynchronous one, a call means the asynchronous function of a name."""
        return " async throws" if any("await " in line for line in self.rest) else " throws"

    @property
    def source(self):
        if self.is_test:
            return self.text
        head = "".join(self.imports) + ("" if self.declares else f"func {self.name}(){self.effects} {{\n")
        head += f'#sourceLocation(file: "{ROOT / self.page}", line: {self.line + 1 + len(self.imports)})\n'
        return head + "".join(self.rest) + ("" if self.declares else "}\n")


def blocks():
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "Sources").rglob("*.docc/*.md"))]
    for page in pages:
        text = page.read_text()
        for fence in re.finditer(r"^```swift\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            line = text[: fence.start()].count("\n") + 1
            yield Block(str(page.relative_to(ROOT)), line, fence[1])


def write(path, text):
    """Writes a file if its text is another, so that nothing is compiled again for nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def hiding(libraries):
    """The beginning of a command that runs in a root without some C libraries; empty where the system does not let us."""
    files = " ".join(f"/usr/{pattern}" for library in libraries for pattern in FILES[library].split())
    script = f"""set -e
mount -t tmpfs none {WORK}/overlay
mkdir {WORK}/overlay/upper {WORK}/overlay/work
mount -t overlay overlay -o lowerdir=/usr,upperdir={WORK}/overlay/upper,workdir={WORK}/overlay/work /usr
rm -rf {files}
exec "$@\""""
    (WORK / "overlay").mkdir(parents=True, exist_ok=True)
    user = [] if os.geteuid() == 0 else ["-r"]
    command = ["unshare", *user, "-m", "bash", "-c", script, "bash"]
    try:
        return command if subprocess.run([*command, "true"], capture_output=True).returncode == 0 else []
    except FileNotFoundError:
        return []


def swift(*arguments, prefix=(), **options):
    """Runs the package manager in the client package; ends the program if it fails."""
    run = subprocess.run([*prefix, "swift", *arguments], cwd=WORK, capture_output=True, text=True, **options)
    if run.returncode != 0:
        sys.exit(f"FAILED: swift {' '.join(arguments)}\n{run.stdout}{run.stderr}")
    return run.stdout


def compiled_modules(target):
    """The modules whose object files a program is linked of, without its own and those of the argument parser."""
    files = (WORK / f".build/debug/{target}.product/Objects.LinkFileList").read_text()
    return set(re.findall(r"/(\w+)\.build/", files)) - {target, *STUBS}


def linked_libraries(target):
    """The C libraries of ours that a program asks the system for."""
    text = subprocess.run(["readelf", "-d", WORK / ".build/debug" / target], capture_output=True, text=True).stdout
    ours = set(FILES) | {"z"}
    return {name for name in re.findall(r"NEEDED.*\[lib([\w]+)[-.\w]*\.so", text) if name in ours}


def make_package(groups, tests):
    """The client package: two programs for each set of products, and one target of tests."""
    targets = []
    for products, members in groups.items():
        dependencies = ", ".join(f'.product(name: "{name}", package: "{ROOT.name.lower()}")' for name in products)
        for name in STUBS:
            if any(f"import {name}\n" in block.imports for block in members):
                dependencies += f', "{name}"'
        for suffix, settings in (("Client", ""), ("StrictClient", '.enableUpcomingFeature("MemberImportVisibility")')):
            target = "".join(products) + suffix
            folder = WORK / "Sources" / target
            for block in members:
                write(folder / f"{block.name}.swift", block.source)
            for given in HERE.glob("Given/*.swift"):
                if given.stem in ("Given", "".join(products)):
                    write(folder / given.name, given.read_text())
            calls = "".join(
                f'try await {block.name}()\nprint("ok: {block.page}:{block.line}")\n'
                for block in members if not block.declares)
            if "func check()" in "".join(path.read_text() for path in folder.glob("*.swift")):
                calls += "try check()\n"
            write(folder / "main.swift", "".join(f"import {name}\n" for name in products) + calls)
            targets.append(
                f'.executableTarget(name: "{target}", dependencies: [{dependencies}], swiftSettings: [{settings}]),')
    for name in STUBS:
        write(WORK / f"Sources/{name}/{name}.swift", (HERE / f"{name}.swift").read_text())
    targets.append(
        '.executableTarget(name: "Declared", dependencies: [.product(name: "TorchCheckpoints", package: "'
        f'{ROOT.name.lower()}"), .product(name: "ModelParameters", package: "{ROOT.name.lower()}"), '
        f'.product(name: "StateDicts", package: "{ROOT.name.lower()}")]),')
    targets.append('.target(name: "DeclaredForMLX", dependencies: ["MLX", "MLXNN"]),')
    targets += ['.target(name: "MLX"),', '.target(name: "MLXNN", dependencies: ["MLX"]),']
    if tests:
        for block in tests:
            write(WORK / f"Tests/PageTests/{block.name}.swift", block.source)
        write(WORK / "Tests/PageTests/module.fingerprint.json", (HERE / "module.fingerprint.json").read_text())
        names = sorted({name for block in tests for name in block.products})
        dependencies = ", ".join(f'.product(name: "{name}", package: "{ROOT.name.lower()}")' for name in names)
        targets.append(f'.testTarget(name: "PageTests", dependencies: [{dependencies}], exclude: ["module.fingerprint.json"]),')
    lines = "\n    ".join(targets)
    write(WORK / "Package.swift", f"""// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "clients",
  platforms: [.macOS(.v14), .iOS(.v17)],
  dependencies: [.package(path: "{ROOT}")],
  targets: [
    {lines}
  ],
  swiftLanguageModes: [.v6]
)
""")


def main():
    groups = {(name,): [] for name in PRODUCTS}
    tests = []
    for block in blocks():
        if block.is_test:
            tests.append(block)
        else:
            groups.setdefault(tuple(block.products), []).append(block)
    for folder in ("Sources", "Tests"):
        shutil.rmtree(WORK / folder, ignore_errors=True)
    declaration_count = declared.write(
        ROOT, WORK, WORK / "Sources/Declared", WORK / "Sources/DeclaredForMLX", str(ROOT / ".build/debug/pth2swt"))
    make_package(groups, tests)
    # Otherwise the package manager keeps its list of this package's files, some of which may have been moved since.
    (WORK / "Package.swift").touch()
    count = 0
    for products, members in sorted(groups.items(), key=lambda group: max(map(list(PRODUCTS).index, group[0]))):
        modules = set().union(*(PRODUCTS[name][0] for name in products))
        libraries = set().union(*(PRODUCTS[name][1] for name in products))
        prefix = hiding(set(FILES) - libraries)
        for target in ("".join(products) + "Client", "".join(products) + "StrictClient"):
            swift("build", "--product", target, prefix=prefix)
            compiled, linked = compiled_modules(target), linked_libraries(target)
            if compiled - modules or linked - libraries:
                sys.exit(f"FAILED: {target} compiled {sorted(compiled)}, linked {sorted(linked)}")
            url = URLS.get("".join(products))
            if url:
                # A copy of the fixtures, since samples write beside their input.
                shutil.rmtree(WORK / "input", ignore_errors=True)
                shutil.copytree(ROOT / "TestData/fixtures", WORK / "input")
                program = [*prefix, WORK / ".build/debug" / target, WORK / "input" / url]
                run = subprocess.run(program, capture_output=True, text=True)
                if run.returncode != 0:
                    sys.exit(f"FAILED: {target}\n{run.stdout}{run.stderr}")
        count += len(members)
        print(
            f"ok: {' + '.join(products)}: {len(members)} blocks compiled{' and run' if url else ''}; modules "
            f"{' '.join(sorted(compiled))}; libraries {' '.join(sorted(linked))}"
            f"{'' if prefix else ' (in a root with all libraries: no mount namespace here)'}", flush=True)
    swift("build", "--target", "DeclaredForMLX")
    swift("build", "--product", "Declared")
    run = subprocess.run([WORK / ".build/debug/Declared"], capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"FAILED: declarations\n{run.stdout}{run.stderr}")
    print(f"ok: {declaration_count} declarations compiled and held against their checkpoints", flush=True)
    if tests:
        (WORK / "TestData").unlink(missing_ok=True)
        (WORK / "TestData").symlink_to(ROOT / "TestData")
        output = swift("test")
        print(re.findall(r".*Test run with.*", output)[-1])
    print(f"{count + len(tests) + declaration_count} passed, 0 failed")


main()
