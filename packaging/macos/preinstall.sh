#!/bin/sh
# Before an installation or upgrade: an older version never takes the place of a newer one, and the launch
# agent of the version that is there is stopped. The installer of macOS runs this as root, with the package,
# the target folder and the target volume as arguments. Not yet run on macOS.
set -eu
PATH=/usr/bin:/bin:/usr/sbin:/sbin
root=@root@
product=@product@
version=@version@
label=@label@
receipt=@receipt@

volume=$root
[ "$3" = / ] || volume=$3

# Whether the first of two versions of three numbers is older.
is_older() {
    awk -v one="$1" -v other="$2" 'BEGIN {
        split(one, a, "."); split(other, b, ".")
        for (i = 1; i <= 3; i++) if (a[i] + 0 != b[i] + 0) exit !(a[i] + 0 < b[i] + 0)
        exit 1
    }'
}

# The numbers of all people who are signed in, in front of the screen or behind another person.
sessions() {
    ps -axww -o uid= -o comm= | awk '$2 ~ /(^|\/)loginwindow$/ && $1 >= 500 { print $1 }' | sort -u
}

installed=$(pkgutil --volume "$3" --pkg-info "$receipt" 2>/dev/null | sed -n 's/^version: //p')
if [ -n "$installed" ] && [ -d "$volume/Applications/$product.app" ] && is_older "$version" "$installed"; then
    echo "$product $installed is installed, which is newer than $version; remove it first to go back." >&2
    exit 1
fi
if [ "$3" = / ]; then
    for person in $(sessions); do
        launchctl bootout "gui/$person/$label" 2>/dev/null || true # it was not loaded there
    done
fi
