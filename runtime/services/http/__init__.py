"""The HTTP service: sounds, enrollment, classification and live events for other programs.

``app.create_app`` makes the application, ``server.run`` serves it. Nothing here decides
anything about sound: it is read, checked for size and handed to the library, the enrollment
and the engine.
"""
