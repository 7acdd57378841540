"""Serves the folder of web-platform-tests on loopback ports of the system's choice, which it tells as one line of JSON; ends with its stdin."""

import json
import logging
import os
import sys
import threading

from wptserve import handlers, server, stash
from wptserve.config import ConfigBuilder
from wptserve.router import any_method

try:
    from pywebsocket3.standalone import WebSocketServer
except ImportError:
    WebSocketServer = None

HOST = "localhost"
folder = os.path.abspath(sys.argv[1])

routes = [
    ("GET", "/resources/WebIDLParser.js", handlers.StringHandler(
        open(os.path.join(folder, "resources/webidl2/lib/webidl2.js"), encoding="utf-8").read(), "text/javascript")),
    (any_method, "*.py", handlers.python_script_handler),
    ("GET", "*.asis", handlers.as_is_handler),
    ("GET", "*", handlers.file_handler),
    ("HEAD", "*", handlers.file_handler),
    ("OPTIONS", "*", handlers.file_handler),
]


def serve(config):
    httpd = server.WebTestHttpd(host=HOST, port=0, doc_root=folder, routes=routes, config=config)
    httpd.start()
    return httpd.httpd.socket.getsockname()[1]


def main():
    logging.getLogger("web-platform-tests").setLevel(logging.CRITICAL)
    logging.getLogger("wptserve").setLevel(logging.CRITICAL)
    # Handlers load their neighbours by the suite's own package names.
    sys.path.insert(0, folder)
    with stash.StashServer(("localhost", 0), authkey=os.urandom(16).hex()):
        ports = {"http": [0, 0], "https": [0, 0], "ws": [0], "wss": [0], "h2": [0]}
        with ConfigBuilder(logging.getLogger("wptserve"), browser_host=HOST, ports=ports, doc_root=folder,
                           subdomains=set(), not_subdomains=set(), check_subdomains=False) as config:
            # The ports are known only when the servers run: they read them from here.
            shown = config.as_dict() if hasattr(config, "as_dict") else dict(config)
            shown["ports"] = ports
            ports["http"] = [serve(shown), serve(shown)]
            print(json.dumps({"origins": [f"http://{HOST}:{port}" for port in ports["http"]]}), flush=True)
            sys.stdin.read()


if __name__ == "__main__":
    main()
    os._exit(0)
