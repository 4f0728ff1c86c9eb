"""Character-level language models: recipe → corpus → vocabulary → network → train → checkpoint.

The only folder that imports torch, and only in the modules that compute with it.
"""
