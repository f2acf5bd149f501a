"""The whole stack of docker-compose.yaml, as it is: built from a clone, run, killed and asked."""
