#!/bin/sh
# Ends politely at TERM, after a last word on both streams.
trap 'echo "good bye"; echo "so long" >&2; exit 7' TERM
echo ready
while :; do sleep 0.05; done
