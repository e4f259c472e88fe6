"""Contents: what of its packages, of Python and of Tk gets into the frozen program, and what does not."""

from __future__ import annotations

from freeze.libraries import PROVIDED

EXCLUDED = (
    # Not part of the installed program.
    "reporter.demo",
    "reporter.inbox",
    # Tools for developers.
    "_pyrepl",
    "distutils",
    "doctest",
    "ensurepip",
    "idlelib",
    "lib2to3",
    "pdb",
    "pip",
    "pydoc",
    "pydoc_data",
    "setuptools",
    "sqlite3.__main__",
    "pkg_resources",
    "test",
    "unittest",
    "venv",
    # Only functions import them that are not used here.
    "_pydecimal",
    "_bz2",
    "_lzma",
    "argparse",
    "asyncio",
    "bz2",
    "charset_normalizer",
    "lzma",
    "concurrent.futures.process",
    "curses",
    "dbm",
    "ftplib",
    "multiprocessing",
    "py_compile",
    "readline",
    "statistics",
    "tracemalloc",
    "turtle",
    "wsgiref",
    "xml.etree",
    "xmlrpc",
    # Of Pillow: pictures are read from memory and drawn with its own letters.
    "PIL.ImageCms",
    "PIL.ImageDraw2",
    "PIL.ImageMath",
    "PIL.ImageQt",
    "PIL.ImageShow",
    "PIL.ImageTk",
    "PIL._avif",
    "PIL._imagingcms",
    "PIL._imagingmath",
    "PIL._imagingtk",
    # Of python-xlib: keys of keyboards; the program presses none.
    *(
        f"Xlib.keysymdef.{name}"
        for name in ("apl", "arabic", "cyrillic", "greek", "hebrew", "katakana", "korean", "latin2", "latin3")
    ),
    *(
        f"Xlib.keysymdef.{name}"
        for name in ("latin4", "publishing", "special", "technical", "thai", "xf86", "xk3270", "xkb")
    ),
    # Of rich: what needs packages that are not inside.
    "rich.__main__",
    "rich.json",
    "rich.markdown",
    "rich.syntax",
    "rich.traceback",
    "pygments",
    "markdown_it",
    # Of requests and urllib3: what takes the place of the standard library.
    "OpenSSL",
    "urllib3.contrib.emscripten",
    "urllib3.contrib.pyopenssl",
    "urllib3.contrib.socks",
    "urllib3.http2.connection",
)
"""Modules that are not inside."""

_EXCLUDED_BELOW = {
    # Elsewhere the keyring is inside, which imports it with the first use.
    "linux": ("tarfile",),
}

PICTURE_FORMATS = frozenset({"Bmp", "Gif", "Jpeg", "Mpo", "Png", "Tiff", "WebP"})
"""What a person may drop, paste or choose (``reporter/report/screenshot/picture.py``), as Pillow calls its
modules; telephones write their photographs as Mpo."""
ALL_PICTURE_FORMATS = (
    *("Avif", "Blp", "Bmp", "Bufr", "Cur", "Dcx", "Dds", "Eps", "Fits", "Fli", "Fpx", "Ftex", "Gbr", "Gif"),
    *("Grib", "Hdf5", "Icns", "Ico", "Im", "Imt", "Iptc", "Jpeg", "Jpeg2K", "Mcidas", "Mic", "Mpeg", "Mpo"),
    *("Msp", "Palm", "Pcd", "Pcx", "Pdf", "Pixar", "Png", "Ppm", "Psd", "Qoi", "Sgi", "Spider", "Sun", "Tga"),
    *("Tiff", "WebP", "Wmf", "XVThumb", "Xbm", "Xpm"),
)

PLAIN = (
    *("base64", "bisect", "calendar", "click", "contextlib", "copy", "datetime", "decimal", "fnmatch"),
    *("gettext", "hashlib", "hmac", "importlib", "ipaddress", "json", "msgspec", "numbers", "pathlib"),
    *("platform", "platformdirs", "queue", "random", "reporter", "secrets", "selectors", "shutil"),
    *(
        "signal",
        "socket",
        "sqlite3",
        "string",
        "tempfile",
        "textwrap",
        "threading",
        "tkinter",
        "typing",
        "uuid",
    ),
)
"""Packages whose modules are not compressed: those that the first window needs, which saves it a tenth of its
time. Without any compressed the program would be five megabytes larger."""
PACKED = ("reporter.checkup", "reporter.facts", "reporter.report", "reporter.ui.terminal")
"""What of these is compressed all the same, since it is needed later."""

HIDDEN = ("reporter.showing", "reporter.ui.window", "tkinterdnd2")
"""Modules that are imported by their name at run time, where nothing else imports them."""

RUN_BEFORE = ()
"""What PyInstaller runs before the program. It has some, which patches what is not used here; where Tk's
files are, ``reporter/program.py`` says, since the environment is to stay the person's."""

_ASIAN = (
    "_codecs_cn",
    "_codecs_hk",
    "_codecs_iso2022",
    "_codecs_jp",
    "_codecs_kr",
    "_codecs_tw",
    "_multibytecodec",
)
# Logs are read as UTF-8, UTF-16 and the single-byte encodings (``reporter/report/encoding.py``); only a
# console of Windows may speak one of these.
_LEFT_OUT_BELOW = {
    "linux": (
        *(f"*lib-dynload/{name}.*" for name in _ASIAN),
        *(f"*_tcl_data/encoding/{name}.enc" for name in ("cp932", "cp936", "cp949", "cp950", "shiftjis")),
    ),
}
LEFT_OUT = (
    # Of Tcl: the program asks Python for the time, and its own texts are in its own catalogues.
    "*_tcl_data/tzdata/*",
    "*_tcl_data/msgs/*",
    "*_tcl_data/*.c",
    "*_tcl_data/http1.0/*",
    "*_tcl_data/opt0.4/*",
    "*_tcl_data/encoding/big5*",
    "*_tcl_data/encoding/cns11643*",
    "*_tcl_data/encoding/euc-*",
    "*_tcl_data/encoding/gb*",
    "*_tcl_data/encoding/iso2022*",
    "*_tcl_data/encoding/jis*",
    "*_tcl_data/encoding/ksc*",
    "*_tcl_data/encoding/mac*",
    "*_tcl_data/encoding/ebcdic*",
    "*_tk_data/*.c",
    "*tcl8/tcltest-*.tm",
    "*tcl8/http-*.tm",
    "*_tk_data/images/*",
    # What editors of translations read.
    "reporter/texts/locale/*.po",
    # Of Pillow: what its modules would need that are not inside.
    "*libavif-*",
    "*liblcms2-*",
    # Certificates come from the operating system.
    "certifi/cacert.pem",
    "*/py.typed",
    "*.dist-info/[!Me]*",
)


def excluded(system: str) -> list[str]:
    """Every module that is not inside; ``system`` as in ``sys.platform``."""
    formats = [f"PIL.{name}ImagePlugin" for name in ALL_PICTURE_FORMATS if name not in PICTURE_FORMATS]
    return [*EXCLUDED, *_EXCLUDED_BELOW.get(system, ()), *formats]


def left_out(system: str) -> list[str]:
    """Patterns of the names of files that are not inside, with slashes."""
    provided = PROVIDED if system == "linux" else ()
    return [*LEFT_OUT, *_LEFT_OUT_BELOW.get(system, ()), *provided]
