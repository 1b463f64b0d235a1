# Two commands do everything on a fresh Debian 12 (or macOS with Homebrew) with a Swift toolchain: make demo, make test.

PYTHON_FOLDER = .build-reference
# A Python with torch: one that is there already, or the one that `reference` makes.
PTH2SWT_PYTHON ?= $(PYTHON_FOLDER)/bin/refpython
BENCH_FOLDER ?= .build-bench
# Without Swift's shared libraries on Linux: the command starts in two thirds of the time, and runs where there is no Swift.
RELEASE = -c release $(if $(filter Linux,$(shell uname)),--static-swift-stdlib)
# Of the inputs of `bench`; `tiny` takes seconds, to see that it runs.
SIZE ?= full

.PHONY: demo bounds fuzz test test-browser test-pairs test-instructions test-kill test-libzip test-onednn test-cblas test-clients test-debian13 build dist deps differential test-formats large docs bench format lint reference clean

demo: build
	@bash Examples/demo.sh

# In a temporary folder of their own, in which tests must leave nothing. (SwiftPM leaves locks and folders of its own there.)
test: deps
	swift build --build-tests
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	TMPDIR=$$folder swift test --skip-build --no-parallel || exit; \
	left=$$(find "$$folder" -mindepth 1 -maxdepth 1 ! -name 'TemporaryDirectory.*' ! -name '*.lock'); \
	[ -z "$$left" ] || { echo "The tests left this in the temporary folder:"; echo "$$left"; exit 1; }; \
	echo "The tests left nothing in the temporary folder."

# Every pair of image and model against torchvision: making the weights alone takes minutes in a debug build, so `test` runs
# some of them. In a folder of its own, since a release build without testing is another build.
PAIRS = -c release --scratch-path .build-pairs -Xswiftc -enable-testing
test-pairs: deps
	swift build --build-tests $(PAIRS)
	swift test --skip-build $(PAIRS) --no-parallel --filter VisionInferenceTests

# Every Swift block of every page, in a package that depends on this one, each product without the libraries of others, and the
# declarations that the command writes.
test-clients: deps
	swift build --product pth2swt
	python3 -B Tests/Clients/clients.py

# kill -9 at 200 random points of a conversion, for each writer, optimized.
test-kill: deps
	swift build -c release --product pth2swt
	swift build --build-tests
	PTH2SWT_KILLS=200 PTH2SWT_PROGRAM=$$(swift build -c release --show-bin-path)/pth2swt swift test --skip-build --no-parallel --filter KillTests

# The tests of StateDicts, TorchCheckpoints and ModelParameters with the address and the thread sanitizer, and the commands under
# valgrind (if it is installed). SANITIZERS='thread valgrind' runs some.
.PHONY: test-sanitized
test-sanitized: deps
	swift build
	bash Tests/Sanitizers/sanitized.sh .build/debug $(SANITIZERS)

# Four tasks of a Slurm array on two nodes, which this machine plays, as root: one task is killed and requeued, and the bytes are those of
# one process. SLURM_SIZE is the size of the input.
.PHONY: test-slurm
SLURM_FOLDER ?= .build-slurm
SLURM_SIZE ?= 2000000000
test-slurm: deps
	swift build $(RELEASE) --product pth2swt
	bash Tests/Slurm/run.sh .build/release/pth2swt $(SLURM_FOLDER) $(SLURM_SIZE)

# Every fixture with the libzip of Debian 13 and of sid, whose packages are unpacked into .build-packages.
test-libzip: deps
	bash Tests/Portability/libzip.sh

# The pages of `inspect --html` in a headless Chromium (Debian's package): they load, filter, sort, zoom and print, and hostile
# names stay text. Screenshots are left in .build-browser.
test-browser: build
	@command -v chromium >/dev/null || { echo "+ apt-get install chromium"; apt-get install -y -qq --no-install-recommends chromium >/dev/null; }
	python3 -B Tests/Browser/browser.py .build/release/pth2swt .build-browser

# The models with the machine's oneDNN, Debian 13's and sid's, optimized. FILTER='LayerTests|ArithmeticTests' runs some tests.
test-onednn: deps
	bash Tests/Portability/onednn.sh '$(FILTER)'

# The models on the engine over CBLAS, with OpenBLAS, optimized; FILTER as above.
test-cblas: deps
	bash Tests/Portability/cblas.sh '$(FILTER)'

# make demo and make test in a root of Debian 13 (.build-debian13), made by debootstrap, with this machine's toolchain; as root.
test-debian13:
	bash Tests/Portability/debian13.sh

# Every test in which a model meets NaN or an infinity, by the kernels of each instruction set: oneDNN reads this variable
# once in a process. ALL is what the processor has.
test-instructions: deps
	swift build --build-tests $(PAIRS)
	@for set in SSE41 AVX2 AVX512_CORE ALL; do \
	  echo "+ ONEDNN_MAX_CPU_ISA=$$set"; \
	  ONEDNN_MAX_CPU_ISA=$$set swift test --skip-build $(PAIRS) --no-parallel --filter '(Vision|Command).*([Ff]inite|overflow)' || exit; \
	done

# The command, its downloader and the program that runs models.
build: deps
	swift build $(RELEASE) --product pth2swt
	swift build $(RELEASE) --product pth2swt-fetch
	swift build $(RELEASE) --product pth2swt-vision
ifeq ($(shell uname),Darwin)
	@# macOS 14 and 15 have no Span: with this library beside it, the command runs there without a toolchain.
	find "$$(dirname "$$(xcrun --find swift)")/../lib" -name libswiftCompatibilitySpan.dylib -path '*macosx*' \
	  -exec cp {} .build/release/ \;
endif

# The release for Linux, in .build-dist: an archive of the commands with the C libraries that they need, completions, licences.
BESIDE = -Xlinker --disable-new-dtags -Xlinker -rpath -Xlinker '$$ORIGIN/../lib/pth2swt'
dist: build
	swift build $(RELEASE) $(BESIDE) --product pth2swt
	swift build $(RELEASE) $(BESIDE) --product pth2swt-vision
	bash .ci/dist pth2swt pth2swt-fetch pth2swt-vision

# Hostile files of every kind, made in BOUNDS_FOLDER (3 GB), against the bounds of docs/security.md. WEIGHTS, the path of a
# classifier's weights, runs the pictures too; NAMES runs some files.
BOUNDS_FOLDER ?= .build-bounds
bounds: build
	python3 Tests/Bounds/bounds.py $(BOUNDS_FOLDER) .build/release/pth2swt $(NAMES)

# What picklescan and fickling (from PyPI) say about the files of CASES that hide code, beside `pth2swt scan`.
.PHONY: peers-scan
SCAN_FOLDER ?= .build-scanners
CASES ?= ../shared/cases
peers-scan: build reference
	$(PTH2SWT_PYTHON) -B Benchmarks/scanners.py $(SCAN_FOLDER) .build/release/pth2swt $(CASES)

# COUNT checkpoints that torch makes, two thirds of them broken afterwards: what torch's safe loader reads, we read the same or refuse.
COUNT ?= 1000
differential: build reference
	$(PTH2SWT_PYTHON) -B TestData/differential.py .build/release/pth2swt $(COUNT)

# COUNT checkpoints that torch makes through every pair of formats, read by torch, numpy and the safetensors library.
test-formats: build reference
	$(PTH2SWT_PYTHON) -B TestData/check_pairs.py .build/release/pth2swt $(COUNT)

# Memory of conversions of 20 GB, and of one tensor of 8 GB, in LARGE_FOLDER, which needs 25 GB.
LARGE_FOLDER ?= .build-large
large: build
	python3 -B Tests/Bounds/large.py $(LARGE_FOLDER) .build/release/pth2swt

# Every fuzz target in turn, for TIME seconds together, or one: make fuzz TIME=60 TARGET=zip. PLAIN=1: without the address sanitizer.
TIME ?= 60
fuzz: deps
	bash Fuzz/fuzz.sh $(TIME) $(TARGET)

# Installs the libraries that are missing on Debian, Ubuntu and macOS; says what to install on other systems.
deps:
	@bash .ci/deps

# A Python with torch, for fixtures, some tests and benchmarks only: nothing else here needs one.
reference:
	@[ -x $(PTH2SWT_PYTHON) ] || bash Benchmarks/reference.sh $(PYTHON_FOLDER)

# The peers other than torch are added to the Python that is our own.
bench: build reference
	swift build $(RELEASE) --product Loading
	swift build $(RELEASE) --product Matching
ifeq ($(SIZE)-$(PTH2SWT_PYTHON),full-$(PYTHON_FOLDER)/bin/refpython)
	WITH_PEERS=1 bash Benchmarks/reference.sh $(PYTHON_FOLDER)
endif
	$(PTH2SWT_PYTHON) Benchmarks/bench.py $(BENCH_FOLDER)/$(SIZE) --size $(SIZE)

# The documentation of each product in .build-docs, by the toolchain's docc.
docs: deps
	swift build --build-tests
	bash .ci/docs

format:
	swift format format --in-place --recursive Sources Tests Benchmarks Examples Fuzz/Sources Package.swift

lint:
	swift format lint --strict --recursive Sources Tests Benchmarks Examples Fuzz/Sources Package.swift

clean:
	rm -rf .build $(BENCH_FOLDER)
