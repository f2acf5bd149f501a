# Keeps a private folder on a machine for one connection, and leaves nothing behind when that ends: neither
# the folder nor what was started in it. Needs POSIX sh, mktemp and setsid.
#
#   sh -c "$(cat keeper.sh)" keeper BASE SECONDS
#
# Prints the folder's path; exit status 73: there is no room for it, 74: it cannot be made. Reads one line every
# now and then, as a sign of life: when none came for SECONDS, when standard input ends, or on a signal, it is
# over.
umask 077
base=$1 seconds=$2
# What runs left whose keeper was killed, or whose machine went down.
for old in "$base"/respaldo.??????????; do
    [ -d "$old" ] && [ -O "$old" ] && [ ! -L "$old" ] || continue
    keeper=$(cat "$old/keeper" 2>/dev/null)
    if [ "$keeper" ]; then
        kill -0 "$keeper" 2>/dev/null && continue
    else
        # Another one may be making it right now.
        [ "$(find "$old" -prune -mmin +10)" ] || continue
    fi
    rm -rf "$old"
done
none() {
    # A folder that we may write to, and that takes nothing, is full.
    [ -d "$base" ] && [ -w "$base" ] && [ -x "$base" ] && command -v mktemp >/dev/null && exit 73
    exit 74
}
folder=$(mktemp -d "$base/respaldo.XXXXXXXXXX") || none
echo $$ >"$folder/keeper" && echo 0 >"$folder/beat" || { rm -rf "$folder"; none; }

# Whether there was any to send the signal to. One that was begun just now has no session of its own yet.
each() {
    any=1
    for found in "$folder"/run.*; do
        number=$(cat "$found" 2>/dev/null)
        [ "$number" ] || continue
        kill -s "$1" -- "-$number" 2>/dev/null || kill -s "$1" "$number" 2>/dev/null || continue
        any=0
    done
    return $any
}
end() {
    trap '' TERM HUP INT PIPE
    # What begins from now on sees that nobody keeps it (kept.sh).
    rm -f "$folder/keeper"
    each TERM
    left=50
    while [ $left -gt 0 ] && each 0 && sleep 0.2; do left=$((left - 1)); done
    each KILL
    # The one that sleeps was begun last, and may be too young to have been noted, or to heed any other signal.
    kill -s KILL "$!" "$reading" 2>/dev/null
    rm -rf "$folder" || { sleep 1; rm -rf "$folder"; }
    exit 0
}
# PIPE: whoever asked for it left before it was told.
trap end TERM HUP INT PIPE
exec 3<&0
(while read -r beat; do echo "$beat" >"$folder/beat"; done; kill -TERM $$) <&3 >/dev/null 2>&1 &
reading=$!
echo "$folder"
exec >/dev/null 2>&1 </dev/null
last=
while :; do
    sleep "$seconds" &
    sleeping=$!
    wait "$sleeping"
    now=$(cat "$folder/beat")
    # An empty one was heard too: there was no room to write it.
    [ -z "$now" ] || [ "$now" != "$last" ] || end
    last=$now
done
