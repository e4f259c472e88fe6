"""Database: the tables by which Windows Installer installs, upgrades and removes the program.

wixl makes those of the files from a source; all others are made here and written afterwards, because it knows
only some of them. What is settled here:

- The settings given as properties are kept by an upgrade and by a repair: what stands in the registry is read
  first, a property that was given goes before it, and ``-`` takes a setting away.
- An installed version is removed and the new one installed in one transaction: it fails as a whole.
- What is given to a version that is installed already sets it anew.
"""

from __future__ import annotations

import msgspec

from release.identity import SUMMARY, Identity
from windows import task
from windows.columns import table
from windows.table import Table, literal
from windows.tree import Folder, Tree, folder_name, short_or_long

LANGUAGE = 1033
ICON = "program.ico"
FEATURE = "Program"
NOTHING = "-"
"""Given as a property, takes the setting away."""

SETTINGS = {"ENDPOINT": "Endpoint", "HELPTEXT": "HelpText", "HELPURL": "HelpUrl", "STATUSURL": "StatusUrl"}
"""The property of each setting that the installer takes, and its name in the registry."""

HKLM = 2
_64_BIT, _REGISTRY_KEY_PATH, _TRANSITIVE = 256, 4, 64
_RAW_64_BIT = 2 | 16
_SET_PROPERTY = 51
# A program with its folder as the source; later, as the system itself, and whatever it answers.
_LATER_AS_SYSTEM = 34 | 64 | 1024 | 2048
_ON_ROLLBACK = 256
_ON_UNINSTALL = 2
_FOUND_ONLY, _WITH_FEATURES = 2, 1
# What Windows 10 and all after it say of themselves; so does 8.1.
_MINIMUM_VERSION = 603
# Where the program is installed, Windows Installer works for everybody who asks, as the system.
_OF_ANYBODY = "Installed AND RestrictedUserControl"

_APP_PATHS = r"Software\Microsoft\Windows\CurrentVersion\App Paths"


class Plan(msgspec.Struct, frozen=True):
    """What an installer is made of. ``tree`` holds the files of the payload and the postman's task."""

    identity: Identity
    version: str
    tree: Tree

    def code(self, name: str) -> str:
        """An identifier as Windows Installer writes it."""
        return f"{{{self.identity.uuid(name)}}}".upper()

    @property
    def product_code(self) -> str:
        """Of this version."""
        return self.code(f"msi:product:{self.version}")

    @property
    def upgrade_code(self) -> str:
        """Of all versions."""
        return self.code("msi:upgrade")

    @property
    def console(self) -> str:
        """The id of the program for a console."""
        return self.tree.file(f"{self.identity.command}.exe").id

    @property
    def windowed(self) -> str:
        """The id of the program without a console."""
        return self.tree.file(f"{self.identity.command}w.exe").id

    @property
    def folders(self) -> list[Folder]:
        """All folders, from the root."""
        vendor, product = folder_name(self.identity.vendor), folder_name(self.identity.product)
        return [
            Folder("TARGETDIR", "", "SourceDir"),
            Folder("ProgramFiles64Folder", "TARGETDIR", "."),
            Folder("VENDORDIR", "ProgramFiles64Folder", short_or_long(vendor)),
            Folder("INSTALLDIR", "VENDORDIR", short_or_long(product)),
            Folder("ProgramMenuFolder", "TARGETDIR", "."),
            Folder("System64Folder", "TARGETDIR", "."),
            *self.tree.folders,
        ]

    @property
    def usual_folder(self) -> str:
        """Where the program lies unless something else is said, as people write it."""
        vendor, product = folder_name(self.identity.vendor), folder_name(self.identity.product)
        return rf"%ProgramFiles%\{vendor}\{product}"


def component_of(file: str) -> str:
    """The id of a file's component: each file has its own."""
    return f"C{file}"


def database(plan: Plan) -> list[Table]:
    """Every table but the cabinet's and those that wixl fills with what it computes from files."""
    return [
        *_files(plan),
        *_product(plan),
        *_settings(plan),
        *_places(plan),
        *_actions(plan),
        *_sequences(plan),
    ]


def _files(plan: Plan) -> list[Table]:
    files = [
        (file.id, component_of(file.id), file.name, file.size, file.version, "", 512, number)
        for number, file in enumerate(plan.tree.files, 1)
    ]
    components = [
        (component_of(file.id), plan.code(f"msi:file:{file.path}"), file.folder, _64_BIT, "", file.id)
        for file in plan.tree.files
    ]
    attributes = _64_BIT | _REGISTRY_KEY_PATH | _TRANSITIVE
    components += [
        (
            f"Set{name}",
            plan.code(f"msi:setting:{name}"),
            "INSTALLDIR",
            attributes,
            f"{name}Value",
            name,
        )
        for name in SETTINGS.values()
    ]
    return [
        table(
            "Directory",
            ((folder.id, folder.parent, folder.name) for folder in plan.folders),
        ),
        table("File", files),
        table("Component", components),
        table(
            "FeatureComponents",
            ((FEATURE, str(component[0])) for component in components),
        ),
    ]


def _product(plan: Plan) -> list[Table]:
    identity = plan.identity
    given = [*SETTINGS, "INSTALLDIR"]
    properties = {
        "ALLUSERS": "1",
        "ARPCOMMENTS": SUMMARY,
        "ARPNOMODIFY": "1",
        "ARPPRODUCTICON": ICON,
        "Manufacturer": identity.vendor,
        "ProductCode": plan.product_code,
        "ProductLanguage": str(LANGUAGE),
        "ProductName": identity.product,
        "ProductVersion": plan.version,
        # All files anew: a library of an older version may have a higher number.
        "REINSTALLMODE": "amus",
        "SecureCustomProperties": ";".join(sorted([*given, "NEWER_FOUND", "OLDER_FOUND"])),
        "UpgradeCode": plan.upgrade_code,
    }
    if identity.help_url:
        properties["ARPHELPLINK"] = identity.help_url
    conditions = {
        "NOT NEWER_FOUND": f"A newer version of {identity.product} is installed. To go back to "
        f"{plan.version}, remove the newer one first.",
        f"Installed OR VersionNT64 >= {_MINIMUM_VERSION}": f"{identity.product} needs Windows 10, "
        "Windows Server 2016 or newer, of 64 bit.",
    }
    return [
        table("Property", tuple(properties.items())),
        table(
            "LaunchCondition",
            ((condition, literal(said)) for condition, said in conditions.items()),
        ),
        table(
            "Upgrade",
            (
                (plan.upgrade_code, "", plan.version, "", _WITH_FEATURES, "", "OLDER_FOUND"),
                (plan.upgrade_code, plan.version, "", "", _FOUND_ONLY, "", "NEWER_FOUND"),
            ),
        ),
    ]


def _settings(plan: Plan) -> list[Table]:
    """How the settings and the folder of an installed version are found, and where they are written."""
    key = literal(plan.identity.keys.installer_key)
    console, windowed = f"{plan.identity.command}.exe", f"{plan.identity.command}w.exe"
    paths = rf"{_APP_PATHS}\{windowed}"
    rows = [(name, HKLM, key, name, f"[{name}Value]", f"Set{name}") for name in SETTINGS.values()]
    program = component_of(plan.windowed)
    # Two brands may have one command, vendor or product, and no two have one bundle id.
    ours = rf"Software\{literal(plan.identity.vendor)}\{plan.identity.bundle_id}"
    rows += [
        ("Folder", HKLM, ours, "Folder", "[INSTALLDIR]", program),
        ("AppPath", HKLM, paths, "", f"[INSTALLDIR]{windowed}", program),
        # By this hosts find the agent before the new search path has reached them.
        ("AppCommand", HKLM, rf"{_APP_PATHS}\{console}", "", f"[INSTALLDIR]{console}", program),
        ("AppFolder", HKLM, paths, "Path", "[INSTALLDIR]", program),
    ]
    searches = [(f"Find{name}", HKLM, key, name, _RAW_64_BIT) for name in SETTINGS.values()]
    searches.append(("FindFolder", HKLM, ours, "Folder", _RAW_64_BIT))
    found = [(f"PREV_{given}", f"Find{name}") for given, name in SETTINGS.items()]
    found.append(("PREV_INSTALLDIR", "FindFolder"))
    return [
        table("Registry", rows),
        table("RegLocator", searches),
        table("AppSearch", found),
    ]


def _places(plan: Plan) -> list[Table]:
    """The entry in the Start menu, the path of commands, the line of the task, and folders to remove."""
    identity = plan.identity
    windowed = component_of(plan.windowed)
    begin = ("Program", "ProgramMenuFolder", short_or_long(folder_name(identity.product)), windowed)
    return [
        table(
            "Shortcut",
            ((*begin, f"[#{plan.windowed}]", "open", SUMMARY, "", "", "", "", "INSTALLDIR", "", "", "", ""),),
        ),
        table(
            "Environment",
            # Of the system, at the end, and gone with the program.
            (("Path", "=-*PATH", "[~];[INSTALLDIR]", component_of(plan.console)),),
        ),
        table(
            "IniFile",
            (
                (
                    *("Postman", short_or_long(task.FILE), "INSTALLDIR", task.SECTION, task.KEY),
                    *(task.line(identity), 0, component_of(plan.tree.file(task.FILE).id)),
                ),
            ),
        ),
        table(
            "RemoveFile",
            tuple(
                (f"Remove{place}", windowed, "", place, _ON_UNINSTALL)
                for place in ("INSTALLDIR", "VENDORDIR")
            ),
        ),
    ]


def _actions(plan: Plan) -> list[Table]:
    scheduler = '"[System64Folder]schtasks.exe"'
    name = literal(task.name(plan.identity))
    create = rf'{scheduler} /create /f /tn "{name}" /xml "[INSTALLDIR]{task.FILE}"'
    delete = rf'{scheduler} /delete /f /tn "{name}"'
    system = "System64Folder"
    rows: list[tuple[str, int, str, str, str]] = [
        ("KeepFolder", _SET_PROPERTY, "INSTALLDIR", "[PREV_INSTALLDIR]", ""),
        ("SetAgain", _SET_PROPERTY, "REINSTALL", "ALL", ""),
        ("TellFolder", _SET_PROPERTY, "ARPINSTALLLOCATION", "[INSTALLDIR]", ""),
        ("TellHelp", _SET_PROPERTY, "ARPHELPLINK", "[HelpUrlValue]", ""),
        ("CreateTask", _LATER_AS_SYSTEM, system, create, ""),
        ("CreateTaskBack", _LATER_AS_SYSTEM | _ON_ROLLBACK, system, delete, ""),
        ("DeleteTask", _LATER_AS_SYSTEM, system, delete, ""),
        ("DeleteTaskBack", _LATER_AS_SYSTEM | _ON_ROLLBACK, system, create, ""),
    ]
    for given, setting in SETTINGS.items():
        rows += [
            (f"Keep{setting}", _SET_PROPERTY, f"{setting}Value", f"[PREV_{given}]", ""),
            (f"Take{setting}", _SET_PROPERTY, f"{setting}Value", f"[{given}]", ""),
            # A first # would mean a number; what is read from the registry has it doubled already.
            (f"Mark{setting}", _SET_PROPERTY, f"{setting}Value", f"#[{given}]", ""),
        ]
    return [table("CustomAction", rows)]


def _sequences(plan: Plan) -> list[Table]:
    # Before Windows Installer shows its window nothing else is needed. What it found there it would pass on
    # as if it had been given, the folder as well, and a person without rights may have made it up.
    begin: dict[str, tuple[str, int]] = {
        "FindRelatedProducts": ("", 25),
        "LaunchConditions": ("", 100),
    }
    first = begin | {"AppSearch": ("", 50)}
    for number, (given, setting) in enumerate(SETTINGS.items()):
        first |= {
            f"Keep{setting}": (f"PREV_{given} AND (NOT {given} OR ({_OF_ANYBODY}))", 200 + 3 * number),
            f"Take{setting}": (
                f'{given} AND {given} <> "{NOTHING}" AND NOT ({_OF_ANYBODY})',
                201 + 3 * number,
            ),
            f"Mark{setting}": (f'{given} << "#" AND NOT ({_OF_ANYBODY})', 202 + 3 * number),
        }
    if not plan.identity.help_url:
        first["TellHelp"] = ('HelpUrlValue AND NOT HelpUrlValue << "#"', 300)
    any_given = " OR ".join(SETTINGS)
    first |= {
        "SetAgain": (f"Installed AND NOT REMOVE AND NOT REINSTALL AND ({any_given})", 310),
        # What is installed stays where it is, whatever is given: from there the system makes its task.
        "KeepFolder": ("PREV_INSTALLDIR AND (Installed OR (OLDER_FOUND AND NOT INSTALLDIR))", 320),
        "ValidateProductID": ("", 700),
        "CostInitialize": ("", 800),
        "FileCost": ("", 900),
        "CostFinalize": ("", 1000),
        "MigrateFeatureStates": ("", 1200),
    }
    installed = 'NOT (REMOVE="ALL")'
    removed = 'REMOVE="ALL"'
    execute = first | {
        "TellFolder": ("", 1010),
        "InstallValidate": ("", 1400),
        "InstallInitialize": ("", 1500),
        "RemoveExistingProducts": ("", 1501),
        "ProcessComponents": ("", 1600),
        "UnpublishFeatures": ("", 1800),
        "RemoveRegistryValues": ("", 2600),
        # What is undone is undone backwards: the file has its line again when the task is made again.
        "DeleteTaskBack": (removed, 3000),
        "DeleteTask": (removed, 3010),
        "RemoveIniValues": ("", 3100),
        "RemoveShortcuts": ("", 3200),
        "RemoveEnvironmentStrings": ("", 3300),
        "RemoveFiles": ("", 3500),
        "RemoveFolders": ("", 3600),
        "CreateFolders": ("", 3700),
        "InstallFiles": ("", 4000),
        "CreateShortcuts": ("", 4500),
        "WriteRegistryValues": ("", 5000),
        "WriteIniValues": ("", 5100),
        "WriteEnvironmentStrings": ("", 5200),
        # A repair that fails leaves the task that was there.
        "CreateTaskBack": ("NOT Installed", 5800),
        "CreateTask": (installed, 5810),
        "RegisterUser": ("", 6000),
        "RegisterProduct": ("", 6100),
        "PublishFeatures": ("", 6300),
        "PublishProduct": ("", 6400),
        "InstallFinalize": ("", 6600),
    }
    return [
        table(name, tuple((action, *how) for action, how in actions.items()))
        for name, actions in (
            ("InstallExecuteSequence", execute),
            ("InstallUISequence", begin | {"ExecuteAction": ("", 1300)}),
        )
    ]
