"""What pySigma says of the conformance cases: which documents load, and what texts come out of encodings. JSON in, JSON out."""

import json
import sys

from sigma.collection import SigmaCollection
from sigma.rule import SigmaRule
from sigma.types import SigmaExpansion, SigmaString, SpecialChars


def parts(v):
    if isinstance(v, SigmaExpansion):
        return [x for y in v.values for x in parts(y)]
    if isinstance(v, SigmaString):
        return ["".join(p if isinstance(p, str) else "*" if p == SpecialChars.WILDCARD_MULTI else "?" for p in v.s)]
    return []


out = []
for case in json.load(sys.stdin):
    try:
        if "documents" in case:
            c = SigmaCollection.from_yaml(case["documents"])
            c.resolve_rule_references()
            for r in c.rules:
                for cond in getattr(getattr(r, "detection", None), "parsed_condition", []):
                    cond.parsed
            out.append({"loads": True})
            continue
        rule = SigmaRule.from_dict({"title": "t", "logsource": {"product": "windows"}, "detection": case["detection"]})
        for cond in rule.detection.parsed_condition:
            cond.parsed
        values = []
        for d in rule.detection.detections.values():
            for item in d.detection_items:
                if hasattr(item, "value"):
                    values += [t for v in item.value for t in parts(v)]
        out.append({"loads": True, "values": values})
    except Exception as e:  # whatever it refuses with
        out.append({"loads": False, "why": f"{type(e).__name__}: {e}"[:200]})
json.dump(out, sys.stdout)
