"""Which address a request comes from, as far as it can be believed."""

from __future__ import annotations

import ipaddress

from flask import request

from api.access import Access


def address_of(access: Access) -> str:
    """The network address of whoever asks. What a proxy says is believed only where one is configured, and only the
    last address, which it wrote itself. An IPv6 host owns a whole /64: it counts as one."""
    forwarded = request.headers.get("X-Forwarded-For", "") if access.public_url else ""
    told = forwarded.rpartition(",")[2].strip() or request.remote_addr or ""
    try:
        address = ipaddress.ip_address(told.strip("[]"))
    except ValueError:
        return request.remote_addr or ""
    if address.version == 6 and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
