import subprocess
import sys

PROGRAM = """
import sys
sys.modules["jsonschema"] = None
import django_playlyfe.engine.design.validate
"""


def test_without_jsonschema_the_extra_is_named():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("django_playlyfe.exceptions.ConfigurationError: ")
    assert last.endswith('pip install "django-playlyfe[engine]"')
