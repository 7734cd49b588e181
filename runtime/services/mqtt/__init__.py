"""MQTT: events to a broker, and the engine as a device of Home Assistant.

``broker`` reads addresses, ``connection`` speaks to one, ``outbox`` keeps what waits, ``link``
stays connected, ``discovery`` describes the device, ``bridge`` brings it all together.
"""
