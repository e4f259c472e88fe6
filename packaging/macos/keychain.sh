#!/bin/sh
# A keychain for one build, on a Mac that keeps none of its own.
#
#     packaging/macos/keychain.sh make FILE.keychain-db
#     packaging/macos/keychain.sh remove FILE.keychain-db
#
# SIGN_APPLE_CERTIFICATES holds a PKCS#12 file in base64, with both Developer ID certificates, their keys and what
# they descend from; SIGN_APPLE_CERTIFICATES_PASSWORD its password. Name the keychain by SIGN_APPLE_KEYCHAIN
# afterwards. Passwords are written to standard input of "security", for everybody can read its command line.
# Not yet run on macOS.
set -eu
umask 077

say() {
    printf '%s\n' "$*" >&2
}

make() {
    if [ -z "${SIGN_APPLE_CERTIFICATES-}" ]; then
        say "SIGN_APPLE_CERTIFICATES is not set, which has to hold a PKCS#12 file in base64."
        exit 1
    fi
    password=${SIGN_APPLE_CERTIFICATES_PASSWORD-}
    case $password in
    *[\"\\]* | *'
'*)
        say "The password of SIGN_APPLE_CERTIFICATES holds a quotation mark, a backslash or a line; choose another."
        exit 1
        ;;
    esac
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    if ! printf '%s' "$SIGN_APPLE_CERTIFICATES" | tr -d ' \n' | openssl base64 -d -A >"$folder/certificates.p12" \
        || [ ! -s "$folder/certificates.p12" ]; then
        say "SIGN_APPLE_CERTIFICATES is no base64."
        exit 1
    fi
    # Nobody needs to know it: the keychain is for this build alone.
    own=$(openssl rand -hex 24)
    security -i <<COMMANDS
create-keychain -p "$own" "$1"
set-keychain-settings -u -t 3600 "$1"
unlock-keychain -p "$own" "$1"
import "$folder/certificates.p12" -f pkcs12 -k "$1" -P "$password" -T /usr/bin/codesign -T /usr/bin/productsign
set-key-partition-list -S apple-tool:,apple: -s -k "$own" "$1"
COMMANDS
    # codesign looks for what a certificate descends from in this list, and so does the next check.
    security list-keychains -d user -s "$1" login.keychain-db
    # "security -i" goes on after a command that failed.
    if ! security find-identity -v "$1" | grep -q 'Developer ID'; then
        say "There is no Developer ID in SIGN_APPLE_CERTIFICATES that is valid, or its password is wrong."
        security delete-keychain "$1" 2>/dev/null || true
        exit 1
    fi
}

case ${1-}:$# in
make:2) make "$2" ;;
remove:2) security delete-keychain "$2" ;;
*)
    say "Usage: packaging/macos/keychain.sh make | remove FILE.keychain-db"
    exit 2
    ;;
esac
