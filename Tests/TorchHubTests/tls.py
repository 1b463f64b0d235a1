"""Ends TLS for a server on 127.0.0.1: tls.py CERTIFICATE KEY PORT. Prints its own port, and runs until standard input ends."""
import socket
import ssl
import sys
import threading

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
listener = socket.create_server(("127.0.0.1", 0))


def serve(plain):
    try:
        with context.wrap_socket(plain, server_side=True) as client:
            with socket.create_connection(("127.0.0.1", int(sys.argv[3]))) as server:
                request = b""
                while b"\r\n\r\n" not in request:
                    piece = client.recv(4096)
                    if not piece:
                        return
                    request += piece
                server.sendall(request)
                while piece := server.recv(65536):
                    client.sendall(piece)
            client.unwrap()
    except OSError:
        # The client does not trust the certificate, or has enough.
        pass


def accept():
    while True:
        threading.Thread(target=serve, args=listener.accept()[:1], daemon=True).start()


threading.Thread(target=accept, daemon=True).start()
print(listener.getsockname()[1], flush=True)
sys.stdin.read()
