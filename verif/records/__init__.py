"""The two binary files that cross the wall between the judge's side and the simulator.

`stimulus` goes in (judge's side -> simulator, read-only), `record` comes out. Both carry a schema version, lie flat in
memory (NumPy structured arrays, little endian), and end in a CRC-32. Nothing else crosses.
"""
