"""Reads every output of a folder with readers that know nothing of the project, and prints what each says, as JSON."""

import json
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import jsonschema
from prometheus_client.parser import text_string_to_metric_families

schema = json.loads(Path("schemas/report.schema.json").read_text())
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)


def junit(path):
    root = ElementTree.parse(path).getroot()
    return {name: len(root.findall(f".//{name}")) for name in ("testcase", "failure", "error", "skipped")}


def report(path):
    data = json.loads(path.read_text())
    return {"valid": validator.is_valid(data), "checks": data["summary"]["checks"]}


def prometheus(path):
    counts, up, causes = {}, [], 0
    for family in text_string_to_metric_families(path.read_text()):
        for sample in family.samples:
            if sample.name == "nix_remote_builder_checks":
                outcome = sample.labels["outcome"]
                counts[outcome] = counts.get(outcome, 0) + int(sample.value)
            elif sample.name == "nix_remote_builder_up":
                up.append(int(sample.value))
            elif sample.name == "nix_remote_builder_root_cause":
                causes += 1
    return {"counts": counts, "up": up, "causes": causes}


readers = {".xml": junit, ".json": report, ".prom": prometheus}
folder = Path(sys.argv[1])
said = {}
for path in sorted(folder.iterdir()):
    reader = readers.get(path.suffix)
    if reader is not None:
        try:
            said[path.name] = reader(path)
        except Exception as error:
            said[path.name] = {"refused": repr(error)[:300]}
json.dump(said, sys.stdout)
