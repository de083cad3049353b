"""Parts that OGC services share: coordinate systems, request gate, exceptions, FastCGI."""
