"""Counts the requests and bytes that reading a checkpoint behind a URL takes, by a server on this machine."""

import http.server
import json
import pathlib
import re
import threading

from measuring import Setting, text, tool


class Server:
    """Serves a folder by ranges, as a file server with keep-alive does, and counts what it sends."""

    def __init__(self, folder: pathlib.Path) -> None:
        count = self.count = {"requests": 0, "bytes": 0}

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                count["requests"] += 1
                path = folder / self.path.lstrip("/")
                size = path.stat().st_size
                start, end = 0, size
                if found := re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", "")):
                    first, last = found.groups()
                    start, end = (int(first), min(int(last) + 1, size) if last else size) if first else (max(size - int(last), 0), size)
                    self.send_response(206)
                    self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
                else:
                    self.send_response(200)
                self.send_header("ETag", '"1"')
                self.send_header("Accept-Ranges", "bytes")
                self.send_header("Content-Length", str(end - start))
                self.end_headers()
                count["bytes"] += end - start
                with path.open("rb") as file:
                    file.seek(start)
                    self.wfile.write(file.read(end - start))

            def log_message(self, *_) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> "Server":
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.server.shutdown()
        self.server.server_close()

    def counted(self, command: list) -> dict:
        """What a command asks for."""
        self.count |= {"requests": 0, "bytes": 0}
        text(command)
        return {"requests": float(self.count["requests"]), "kB": self.count["bytes"] / 1000}


def bench_remote(bench: Setting) -> list:
    """The names of a file behind a URL, and one tensor of about 2 MB of it; `whole kB` is the size of the file."""
    name, output = "frcnn.pth", bench.folder / "output.safetensors"
    whole = (bench.folder / name).stat().st_size / 1000
    tensors = json.loads(text([tool, "inspect", "--json", bench.folder / name]))["tensors"]
    one = min(tensors, key=lambda tensor: abs(tensor["bytes"] - 2_000_000))
    with Server(bench.folder) as server:
        url = f"http://127.0.0.1:{server.server.server_port}/{name}"
        rows = [
            {"what": f"inspect of the URL of {name}"} | server.counted([tool, "inspect", "--allow-http", url]),
            {"what": f"convert --keep of {one['bytes'] / 1000:.0f} kB of it"} | server.counted(
                [tool, "convert", "--allow-http", "--keep", one["name"], "--force", url, output]),
        ]
    output.unlink()
    return [row | {"whole kB": whole} for row in rows]
