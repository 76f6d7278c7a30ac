"""Checks a STIX bundle with OASIS' validator and a MISP event with PyMISP. Paths as arguments; JSON out."""

import json
import sys

from pymisp import MISPEvent
from stix2validator import ValidationOptions, validate_file

stix = validate_file(sys.argv[1], ValidationOptions(version="2.1"))
event = MISPEvent()
event.load_file(sys.argv[2])
print(
    json.dumps(
        {
            "valid": stix.is_valid,
            "errors": [str(e)[:300] for r in stix.object_results for e in r.errors][:10],
            "attributes": len(event.attributes),
        }
    )
)
