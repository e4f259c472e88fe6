#!/bin/sh
# After an installation or upgrade: the command gets its link, and the launch agent starts for everybody who is
# signed in; for everybody else it starts with their next login. Arguments as of preinstall. Not yet run on macOS.
set -eu
PATH=/usr/bin:/bin:/usr/sbin:/sbin
root=@root@
product=@product@
command=@command@
label=@label@

volume=$root
[ "$3" = / ] || volume=$3
program=/Applications/$product.app/Contents/MacOS/$command
link=$volume/usr/local/bin/$command
agent=/Library/LaunchAgents/$label.plist

# The numbers of all people who are signed in, in front of the screen or behind another person.
sessions() {
    ps -axww -o uid= -o comm= | awk '$2 ~ /(^|\/)loginwindow$/ && $1 >= 500 { print $1 }' | sort -u
}

mkdir -p "$volume/usr/local/bin"
if [ -L "$link" ] && [ "$(readlink "$link")" = "$program" ]; then
    : # of an earlier version
elif [ -e "$link" ] || [ -L "$link" ]; then
    echo "/usr/local/bin/$command is something else and stays; start $program instead." >&2
else
    ln -s "$program" "$link"
fi
if [ "$3" = / ]; then
    for person in $(sessions); do
        launchctl bootstrap "gui/$person" "$root$agent" ||
            echo "The agent $label could not be started for user $person; it starts with the next login." >&2
    done
fi
