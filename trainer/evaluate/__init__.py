"""How good a network is: on our shards and on the field's benchmarks."""
