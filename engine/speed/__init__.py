"""Throughput and latency, measured as llama-bench measures them."""
