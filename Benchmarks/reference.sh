#!/usr/bin/env bash
# Makes a Python with torch and torchvision for CPUs, and huggingface_hub: the reference of fixtures and tests, and the peer of benchmarks.
#
#   [WITH_PEERS=1] Benchmarks/reference.sh FOLDER      then FOLDER/bin/refpython script.py
#
# WITH_PEERS adds ONNX Runtime and OpenVINO. What is there already is kept. pip's own configuration says where wheels come
# from: builds for CPUs ("+cpu") are taken where there are any, they are ten times smaller.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "${1:?usage: reference.sh FOLDER}"
folder=$(cd "$1" && pwd)
python=$folder/bin/python
[ -x "$python" ] || python3 -m venv "$folder"

install() { "$python" -m pip install --quiet --disable-pip-version-check "$@"; }
# install_for_cpu [OPTION …] NAME==VERSION
install_for_cpu() { install "${@:1:$#-1}" "${!#}+cpu" 2>/dev/null || install "$@"; }

install_for_cpu torch==2.13.0
install_for_cpu --no-deps torchvision==0.28.0
install numpy pillow safetensors huggingface_hub
[ -z "${WITH_PEERS:-}" ] || install onnx onnxscript onnxruntime openvino

cat >"$folder/bin/refpython" <<SH
#!/bin/sh
LD_LIBRARY_PATH="$folder/standins\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}" exec "$python" "\$@"
SH
chmod +x "$folder/bin/refpython"

works() {
  "$folder/bin/refpython" - <<'PY'
import torch, torchvision
boxes, scores = torch.tensor([[0, 0, 10, 10.0], [1, 1, 10, 10]]), torch.tensor([0.9, 0.8])
assert torchvision.ops.nms(boxes, scores, 0.5).tolist() == [0]
PY
}
works 2>/dev/null || "$python" "$here/cuda_standins.py" "$folder/standins"
works
"$folder/bin/refpython" -c 'import torch, torchvision; print("torch", torch.__version__, "torchvision", torchvision.__version__)'
