#!/bin/sh
# leaves-family.sh DIRECTORY BURST PAUSE EXIT: writes down who it is, leaves a descendant in its group and one in a session of its own, which
# write down who they are in DIRECTORY/pids, too, then goes on as counts-until.sh.
read -r stat </proc/self/stat
echo "$stat" >>"$1/pids"
member='read -r stat </proc/self/stat; echo "$stat" >>"$1/pids"; exec sleep 1000'
sh -c "$member" sh "$1" &
setsid sh -c "$member" sh "$1" &
exec "${0%/*}/counts-until.sh" "$@"
