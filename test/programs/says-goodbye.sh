#!/bin/sh
# Ends politely at TERM, after a last word on both streams.
trap 'echo "good bye"; echo "so long" >&2; exit 7' TERM
echo ready
sleep 1000 &
while :; do wait; done
