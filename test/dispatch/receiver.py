#!/usr/bin/env python3
"""A receiver of peer_mentor_dispatch that behaves as the file FOLDER/mode says, read at every request:

    ok | status CODE [HEADER: VALUE] | date CODE SECONDS | slow SECONDS | hang | garbage | half | long-head | endless
    | cut (takes the event, then hangs up) | redirect | storm | only KEY-PART MODE (others are answered ok)

It honours Idempotency-Key: an event that was taken is not taken again, also after a restart.  Each request becomes a line
of FOLDER/seen.jsonl.  With FOLDER/cert.pem it speaks TLS.  FOLDER/port says where it listens.
    receiver.py FOLDER [PORT]
"""
import hashlib
import hmac
import http.server
import json
import os
import random
import socket
import ssl
import sys
import threading
import time
from email.utils import formatdate

folder = sys.argv[1]
lock = threading.Lock()
taken = set()
busy = 0
dice = random.Random(7)


def read(name, default=""):
    try:
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            return f.read().strip()
    except FileNotFoundError:
        return default


def signature_holds(header, body):
    parts = [p.split("=", 1) for p in header.split(",")]
    stamp = next((v for k, v in parts if k == "t"), "")
    if not stamp.isdigit() or abs(time.time() - int(stamp)) > 300:
        return False
    want = hmac.new(read("secret").encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return any(hmac.compare_digest(v, want) for k, v in parts if k == "v1")


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        global busy
        with lock:
            busy += 1
            at_once = busy
        try:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(body, at_once)
        except (BrokenPipeError, ConnectionResetError):
            pass
        finally:
            with lock:
                busy -= 1

    def answer(self, body, at_once):
        key = self.headers.get("Idempotency-Key", "")
        mode = read("mode", "ok").split()
        if mode[0] == "only":
            mode = mode[2:] if mode[1] in key or mode[1].encode() in body else ["ok"]
        if mode[0] == "storm":
            mode = self.storm()
        if mode[0] == "slow":
            time.sleep(float(mode[1]))
        takes = mode[0] in ("ok", "slow", "endless", "cut") and signature_holds(
            self.headers.get("Peer-Mentor-Signature", ""), body)
        self.note(key, body, " ".join(mode), takes, at_once)
        getattr(self, "do_" + mode[0].replace("-", "_"))(*mode[1:])

    def storm(self):
        # an event is refused four times at most, so that none is given up
        if int(self.headers.get("Peer-Mentor-Attempt", "1")) > 4:
            return ["ok"]
        x = dice.random()
        for share, mode in ((0.05, "status 500"), (0.1, "status 503 Retry-After: 0"), (0.13, "status 429 Retry-After: 0"),
                            (0.18, "cut"), (0.2, "garbage"), (0.21, "hang"), (0.3, "slow 0.1")):
            if x < share:
                return mode.split()
        return ["ok"]

    def note(self, key, body, mode, takes, at_once):
        event = json.loads(body)
        line = {"at": time.time(), "key": key, "event_id": event["event_id"], "mentor": event["mentor_id"],
                "recipient": event.get("recipient"), "type": event["event_type"], "path": self.path, "mode": mode,
                "attempt": self.headers.get("Peer-Mentor-Attempt"), "agent": self.headers.get("User-Agent"),
                "content": self.headers.get("Content-Type"), "at_once": at_once,
                "signatures": self.headers.get("Peer-Mentor-Signature", "").count("v1="),
                "signed": signature_holds(self.headers.get("Peer-Mentor-Signature", ""), body),
                "body": hashlib.sha256(body).hexdigest(), "text": body.decode()}
        with lock:
            line["first"] = takes and key not in taken
            if takes:
                taken.add(key)
            with open(os.path.join(folder, "seen.jsonl"), "a", encoding="utf-8") as f:
                f.write(json.dumps(line) + "\n")

    def reply(self, status, headers=(), body=b"thanks, you said: confidential"):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_ok(self):
        self.reply(200)

    def do_slow(self, _):
        self.reply(200)

    def do_status(self, code, *header):
        self.reply(int(code), [(header[0].rstrip(":"), " ".join(header[1:]))] if header else [])

    def do_date(self, code, seconds):
        self.reply(int(code), [("Retry-After", formatdate(time.time() + float(seconds), usegmt=True))])

    def do_redirect(self):
        self.reply(307, [("Location", "/elsewhere")])

    def hang_up(self):
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def do_hang(self):
        time.sleep(5)
        self.hang_up()

    def do_cut(self):
        self.hang_up()

    def raw(self, data):
        self.wfile.write(data)
        self.hang_up()

    def do_garbage(self):
        self.raw(b"\x00\xff lorem ipsum confidential\r\n" * 20)

    def do_half(self):
        self.raw(b"HTTP/1.1 200 OK\r\nContent-Le")

    def do_long_head(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for _ in range(100000):
            self.wfile.write(b"X-More: " + b"x" * 1000 + b"\r\n")

    def do_endless(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            self.wfile.write(b"x" * 10000)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        pass  # a client that hangs up, or no TLS: what they are here for


def main():
    if os.path.exists(os.path.join(folder, "seen.jsonl")):
        with open(os.path.join(folder, "seen.jsonl"), encoding="utf-8") as f:
            taken.update(line["key"] for line in map(json.loads, f) if line["first"])
    server = Server(("127.0.0.1", int(sys.argv[2]) if len(sys.argv) > 2 else 0), Receiver)
    cert = os.path.join(folder, "cert.pem")
    if os.path.exists(cert):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, os.path.join(folder, "key.pem"))
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with open(os.path.join(folder, "port.new"), "w", encoding="utf-8") as f:
        f.write(str(server.server_port))
    os.rename(os.path.join(folder, "port.new"), os.path.join(folder, "port"))
    server.serve_forever()


main()
