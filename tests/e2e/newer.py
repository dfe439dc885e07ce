"""The web app as its next version would start it: ``tests.e2e.newer:serve()``."""

from unittest.mock import patch

from flask import Flask

import app

VERSION = "99.0.0"


def serve() -> Flask:
    """The application, saying another version of itself."""
    patch.object(app, "version", return_value=VERSION).start()
    return app.serve()
