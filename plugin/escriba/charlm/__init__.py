"""Character-level language models: recipe → corpus → vocabulary → network → train → checkpoint.

The only folder that imports torch, and only in the modules that compute with it.
"""

import os

# Where the threads of an operation wait for each other, GNU's OpenMP, which torch uses on Linux,
# lets them spin for milliseconds before they sleep. Beside another busy process most of the time
# goes into that: 12 minutes for what one thread does in 25 s. A few microseconds are enough for
# threads that all have a processor (benchmarks/beside_others.py). It is read when torch is imported
# and must stand here before; what the user has set counts. No result depends on it, as some do on
# the number of threads.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
