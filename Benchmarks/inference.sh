#!/bin/sh
# Faster R-CNN ResNet-50-FPN at 800x1216 beside its peers: medians in seconds, and peak memory.
#
#   Benchmarks/inference.sh PYTHON FOLDER [RUNS]
#
# PYTHON is one that ../shared/reference/setup.sh made with WITH_PEERS=1. The peers write weights and image into FOLDER.
set -eu
python=$1 folder=$2 runs=${3:-7}
here=$(cd "$(dirname "$0")/.." && pwd)
command=$here/.build/release/pth2swt

"$python" "$here/../shared/reference/peers.py" "$folder" --threads 2 --runs "$runs"
for exact in "" --exact; do
  /usr/bin/env time -f "peak %M KiB, whole process %e s" \
    "$command" detect --weights "$folder/frcnn.pth" --threads 2 --timings --repeat "$runs" --json $exact \
    "$folder/image-1216x800.png" |
    "$python" -c '
import json, sys
times = json.load(sys.stdin)[0]["timings"]
print("pth2swt", sys.argv[1:] or "", {"backbone": (times["backbone"] + times["rpn_head"]) / 1e3, "whole": times["total"] / 1e3})
' $exact
done

echo "load to first detection, whole process, weights in the page cache:"
/usr/bin/env time -f "pth2swt %e s" "$command" detect --weights "$folder/frcnn.pth" --threads 2 "$folder/image-1216x800.png" >"$folder/out.txt"
/usr/bin/env time -f "torchvision %e s" "$python" -c '
import sys, numpy, torch, torchvision
from PIL import Image
torch.set_num_threads(2)
model = torchvision.models.detection.fasterrcnn_resnet50_fpn(weights=None, weights_backbone=None, num_classes=91).eval()
model.load_state_dict(torch.load(sys.argv[1], weights_only=True, mmap=True))
with torch.inference_mode():
    model([torch.from_numpy(numpy.asarray(Image.open(sys.argv[2])).transpose(2, 0, 1).astype("float32") / 255)])
' "$folder/frcnn.pth" "$folder/image-1216x800.png"
