"""What the web server imports: one application, following changes of the regions."""

import gc

from backend.app import create_app
from backend.core.metrics import count_as
from backend.core.settings import load_settings

settings = load_settings()
count_as("web", settings)
app = create_app(settings)
app.extensions["balai"].directory.follow()
gc.freeze()  # what stands for as long as the process is not looked through again and again for what may go
