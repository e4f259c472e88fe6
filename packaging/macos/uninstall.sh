#!/bin/sh
# Removes the program, its command, its launch agent and what macOS remembers of its installation. What people
# have in their folders, and what a device management has set, stays. Not yet run on macOS.
set -eu
PATH=/usr/bin:/bin:/usr/sbin:/sbin
root=@root@
product=@product@
command=@command@
bundle_id=@bundle_id@
label=@label@
receipt=@receipt@

app=/Applications/$product.app
link=$root/usr/local/bin/$command
agent=$root/Library/LaunchAgents/$label.plist

# The numbers of all people who are signed in, in front of the screen or behind another person.
sessions() {
    ps -axww -o uid= -o comm= | awk '$2 ~ /(^|\/)loginwindow$/ && $1 >= 500 { print $1 }' | sort -u
}

if [ "$(id -u)" != 0 ]; then
    echo "Only an administrator can remove $product: run this with sudo." >&2
    exit 1
fi
for person in $(sessions); do
    launchctl bootout "gui/$person/$label" 2>/dev/null || true # it was not loaded there
done
rm -f "$agent"
if [ -L "$link" ] && [ "$(readlink "$link")" = "$app/Contents/MacOS/$command" ]; then
    rm "$link"
fi
rm -rf "$root$app"
if pkgutil --pkg-info "$receipt" >/dev/null 2>&1; then
    pkgutil --forget "$receipt" >/dev/null
fi
echo "$product was removed. Reports and settings of people (in their folder Library/Application Support/$command)"
echo "and managed preferences of $bundle_id stay."
# With this script, which the shell has read to its end.
rm -rf "$root/Library/Application Support/$bundle_id"
