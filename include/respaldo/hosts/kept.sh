# Runs a command in a session of its own, noted in a keeper's folder so that it can be ended.
#
#   sh -c "$(cat kept.sh)" kept FOLDER NAME COMMAND...
#
# The first line of standard input is what the command reads, the second what it finds at /dev/fd/3. The exit
# status is the command's.
umask 077
folder=$1 name=$2
shift 2
IFS= read -r line
IFS= read -r other
export TMPDIR="$folder"
# What the machine's own environment says of a repository is not meant for ours.
unset RESTIC_REPOSITORY RESTIC_REPOSITORY_FILE RESTIC_PASSWORD RESTIC_PASSWORD_FILE RESTIC_PASSWORD_COMMAND
unset RESTIC_CACHE_DIR RESTIC_HOST RESTIC_PROGRESS_FPS
# printf is the shell's own: no list of processes shows what it writes.
printf '%s\n' "$other" | {
    exec 3<&0
    unset other
    printf '%s\n' "$line" | setsid "$@" &
    running=$!
    exec 3<&- </dev/null
    unset line
    # Noted first, and only then looked for the keeper: whichever of the two comes later sees the other.
    { echo $running >"$folder/run.$name" && [ -e "$folder/keeper" ]; } || kill -s KILL -- "-$running" "$running"
    wait $running
    status=$?
    rm -f "$folder/run.$name"
    exit $status
}
