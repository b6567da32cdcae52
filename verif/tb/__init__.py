"""The generated harness, its transactors' C++ buffer layer, and the simulator's main loop.

`generate` writes text and nothing else; who compiles it is not this package's business.
"""
