"""CQL2 (OGC 21-065r2): text and JSON, checked against a layer's fields and turned into SQL.

The JSON encoding is the one form inside: text is read into it, and SQL is made from it. Values travel as parameters;
names become SQL only if the layer declares them.
"""
