#!/bin/sh
# family.sh FILE: leaves descendants behind (in the group, in a session of their own, and without an environment), writes
# all pids to FILE, and waits.
sleep 1000 &
echo $! >>"$1"
setsid sh -c 'echo $$ >>"$1"; exec sleep 1000' sh "$1" &
env -i setsid sh -c 'echo $$ >>"$1"; exec sleep 1000' sh "$1" &
echo $$ >>"$1"
echo ready
wait
