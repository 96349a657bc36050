"""C++, CUDA and HIP: outlines and comparisons of files that a grammar reads in part. Start at native.py."""
