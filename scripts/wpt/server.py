"""Serves the folder of web-platform-tests on loopback, on ports that the system chooses; tells them as one line of JSON; ends with its stdin."""

import json
import logging
import os
import sys
import threading

from pywebsocket3 import standalone, websocket_server
from wptserve import handlers, server, stash
from wptserve.router import any_method

HOST = "localhost"
# Where the suite wants another host, there is another name of this one.
OTHER_HOST = "127.0.0.1"
# Nothing listens there.
NO_PORT = 1


class Config(dict):
    """What handlers and substitutions read: the ports are filled in when the servers run."""

    all_domains = {
        "": {"": HOST, **{name: f"{name}.{HOST}" for name in ("www", "www1", "www2")}},
        "alt": {"": OTHER_HOST, **{name: OTHER_HOST for name in ("www", "www1", "www2")}},
    }
    domains = all_domains
    domains_set = {HOST, OTHER_HOST}


def routes(folder):
    parser = os.path.join(folder, "resources/webidl2/lib/webidl2.js")
    with open(parser, encoding="utf-8") as source:
        parser_handler = handlers.StringHandler(source.read(), "text/javascript")
    return [
        ("GET", "/resources/WebIDLParser.js", parser_handler),
        (any_method, "*.py", handlers.python_script_handler),
        ("GET", "*.asis", handlers.as_is_handler),
        (any_method, "*", handlers.file_handler),
    ]


def serve_http(folder, config):
    httpd = server.WebTestHttpd(host=HOST, port=0, doc_root=folder, routes=routes(folder), config=config)
    httpd.start()
    return httpd.port


def serve_websockets(folder):
    root = os.path.join(folder, "websockets", "handlers")
    if not os.path.isdir(root):
        return NO_PORT
    options, _ = standalone._parse_args_and_config(["--port", "0", "--server_host", HOST, "--document_root", root, "--log_level", "critical"])
    options.cgi_directories = []
    options.is_executable_method = None
    options.websock_handlers = options.scan_dir = root
    httpd = websocket_server.WebSocketServer(options)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    return httpd._sockets[0][0].getsockname()[1]


def main(folder):
    logging.disable(logging.CRITICAL)
    # Handlers import their neighbours by the names of the suite's folders.
    sys.path.insert(0, folder)
    ports = {"http": [], "https": [NO_PORT, NO_PORT], "ws": [], "wss": [NO_PORT], "h2": [NO_PORT], "http-public": [NO_PORT], "http-local": [NO_PORT]}
    config = Config(browser_host=HOST, server_host=HOST, doc_root=folder, ports=ports)
    with stash.StashServer((HOST, 0), authkey=os.urandom(16).hex()):
        ports["http"] = [serve_http(folder, config), serve_http(folder, config)]
        ports["ws"] = [serve_websockets(folder)]
        told = [f"http://{host}:{port}" for port in ports["http"] for host in (HOST, OTHER_HOST)]
        told += [f"ws://{host}:{port}" for port in ports["ws"] for host in (HOST, OTHER_HOST)]
        print(json.dumps({"origins": told}), flush=True)
        sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]))
