"""Announcing the service in the network."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from ipaddress import ip_address

import pytest

pytest.importorskip("zeroconf", reason="the extra 'wyoming' is not installed")

from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from runtime.services.wyoming import announce
from runtime.services.wyoming.announce import TYPE, Announcement, reachable

SECONDS = 10.0


def _multicast() -> bool:
    """Whether the loopback interface can be used for it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            group = socket.inet_aton("224.0.0.251") + socket.inet_aton("127.0.0.1")
            probe.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
            probe.setsockopt(
                socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1")
            )
            probe.sendto(b"", ("224.0.0.251", 5353))
        except OSError:
            return False
    return True


def test_addresses_are_real() -> None:
    """What is bound to all addresses is reachable at the machine's own, never at 0.0.0.0."""
    assert reachable([ip_address("192.0.2.7")]) == [ip_address("192.0.2.7")]
    assert reachable([ip_address("127.0.0.1")]) == [ip_address("127.0.0.1")]
    for everything in ("0.0.0.0", "::"):
        found = reachable([ip_address(everything)])
        assert found
        assert not any(address.is_unspecified or address.is_link_local for address in found)
        assert len({address.is_loopback for address in found}) == 1


def test_ipv4_socket_is_not_announced_with_ipv6() -> None:
    """Nobody is told to connect where nobody listens."""
    assert all(address.version == 4 for address in reachable([ip_address("0.0.0.0")]))


def test_announcement_is_found_and_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser finds the service with its address and port, then with a new one."""
    addresses = [ip_address("127.0.0.1")]
    monkeypatch.setattr(announce, "reachable", lambda bound: list(addresses))

    if not _multicast():
        pytest.skip("this machine has no multicast on its loopback interface")

    async def find(browser: AsyncZeroconf, name: str, address: str) -> AsyncServiceInfo:
        wanted = ipaddress.ip_address(address).packed
        while True:
            info = await browser.async_get_service_info(TYPE, name, timeout=500)
            if info is not None and wanted in info.addresses:
                return info
            await asyncio.sleep(0.05)

    async def test() -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            running = asyncio.create_task(
                Announcement([server], "wakesound-test", look_seconds=0.05).run()
            )
            browser = AsyncZeroconf(interfaces=["127.0.0.1"])
            try:
                name = f"wakesound-test.{TYPE}"
                info = await asyncio.wait_for(find(browser, name, "127.0.0.1"), SECONDS)
                assert info.port == server.getsockname()[1]
                addresses[:] = [ip_address("127.0.0.2")]
                info = await asyncio.wait_for(find(browser, name, "127.0.0.2"), SECONDS)
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
                await browser.async_close()

    asyncio.run(test())
