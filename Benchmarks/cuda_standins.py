"""Makes empty stand-ins for the CUDA libraries that a CUDA build of torchvision is linked with, beside a torch for CPUs.

    python cuda_standins.py FOLDER

torchvision's operators (nms, roi_align) are in one library, which does not load while symbols of its CUDA part are missing.
Nothing here runs on a GPU, so symbols that lead nowhere are enough. reference.sh puts FOLDER into the loader's path.
"""

import pathlib
import subprocess
import sys
import sysconfig


def symbols(library: pathlib.Path, which: str) -> list[list[str]]:
    command = ["nm", "-D", which, str(library)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [line.split() for line in lines]


def build(folder: pathlib.Path, name: str, source: str, *options: str) -> None:
    command = ["cc", "-shared", "-fPIC", "-w", "-x", "c", "-", "-o", str(folder / name), f"-Wl,-soname,{name}", *options]
    subprocess.run(command, input=source, text=True, check=True)


def main(folder: pathlib.Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    packages = pathlib.Path(sysconfig.get_paths()["purelib"])
    # Names with their versions, such as cudaFree@libcudart.so.13; weak symbols may stay missing.
    missing = [row[-1] for row in symbols(packages / "torchvision/_C.so", "--undefined-only") if row[0] != "w"]
    defined = {
        row[-1].split("@")[0]
        for name in ("libc10.so", "libtorch_cpu.so", "libtorch_python.so", "libtorch.so")
        for row in symbols(packages / "torch/lib" / name, "--defined-only")
    }

    runtime = [symbol for symbol in missing if "libcudart" in symbol]
    version = runtime[0].split("@")[-1] if runtime else "libcudart.so.13"
    script = folder / "cudart.map"
    script.write_text(f"{version} {{ global: *; }};\n")
    functions = sorted({symbol.split("@")[0] for symbol in runtime})
    build(folder, version, "".join(f"int {name}(void) {{ return 0; }}\n" for name in functions),
          f"-Wl,--version-script={script}")

    c10 = sorted(symbol for symbol in missing if "@" not in symbol and symbol not in defined and "cuda" in symbol)
    build(folder, "libc10_cuda.so", "".join(
        f"char {name}[4096];\n" if "allocator" in name else f"void *{name}(void) {{ return 0; }}\n" for name in c10))
    build(folder, "libtorch_cuda.so", "int torch_cuda_standin(void) { return 0; }\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
