"""Images (``http-api.md`` §8, ``engine.md`` §14.4, §15.1)."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo

from django_playlyfe.engine import pictures, selectors, services
from django_playlyfe.engine.models import Image, ImageFile
from django_playlyfe.engine.realm import Realm
from django_playlyfe.engine.server.auth.access import SCOPES
from django_playlyfe.engine.versions.activation import activate

from ..conftest import LIBRARY_QUEST
from .conftest import Api, error, problems

LONGEST = {"original": 2048, "large": 512, "medium": 256, "small": 128, "icon": 32}
STOCK_LARGE = {**LONGEST, "original": 512}


def drawn(width: int = 600, height: int = 300, colour: str = "red", kind: str = "PNG", **more: Any) -> bytes:
    """An image as a file."""
    written = io.BytesIO()
    Pillow.new("RGB", (width, height), colour).save(written, kind, **more)
    return written.getvalue()


def read(content: bytes) -> Pillow.Image:
    image = Pillow.open(io.BytesIO(content))
    image.load()
    return image


def upload(api: Api, path: str, content: bytes | None, field: str = "file", name: str = "me.png") -> Any:
    """Send a file as a browser does."""
    form = {} if content is None else {field: SimpleUploadedFile(name, content)}
    address = f"{api.base}{path}?player_id={api.player_id}"
    return Browser().post(address, form, headers={"Authorization": f"Bearer {api.token}"})


@pytest.fixture
def desk(enter: Any, ines: Api) -> Api:
    api: Api = enter(list(SCOPES), "ines")
    return api


# --- stock images -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("image_id", pictures.STOCK)
def test_every_stock_image_comes_in_every_size(image_id: str) -> None:
    for size, longest in STOCK_LARGE.items():
        image = read(pictures.stock_image(image_id, size))
        assert image.format == "PNG"
        assert image.size == (longest, longest)


@pytest.mark.parametrize(
    ("path", "stock"),
    [
        ("/runtime/assets/game", "default-game"),
        ("/runtime/assets/definitions/metrics/xp", "default-point-metric"),
        ("/runtime/assets/definitions/metrics/badges", "default-set-metric"),
        ("/runtime/assets/definitions/metrics/rank", "default-state-metric"),
        ("/runtime/assets/definitions/metrics/impact", "default-point-metric"),
        ("/runtime/assets/definitions/metrics/badges?item=Bookworm", "default-item"),
        ("/runtime/assets/definitions/metrics/badges?item=night_owl", "default-item"),
        ("/runtime/assets/definitions/metrics/badges?item=NIGHT%20OWL", "default-item"),
        ("/runtime/assets/definitions/metrics/rank?item=Scholar", "default-state-metric"),
    ],
)
def test_what_has_no_image_of_its_own_has_a_stock_image(ines: Api, path: str, stock: str) -> None:
    response = ines.get(path)
    assert (response.status_code, response.headers["Content-Type"]) == (200, "image/png")
    assert response.content == pictures.stock_image(stock, "original")
    joint = "&" if "?" in path else "?"
    assert ines.get(f"{path}{joint}size=icon").content == pictures.stock_image(stock, "icon")


@pytest.mark.parametrize("metric", ["xp", "nothing"])
def test_what_does_not_exist_has_no_image(ines: Api, metric: str) -> None:
    expected = "metric_not_found" if metric == "nothing" else "image_not_found"
    assert error(ines.get(f"/runtime/assets/definitions/metrics/{metric}?item=Nothing")) == (404, expected)
    assert error(ines.get("/runtime/assets/definitions/metrics/badges?item=Nothing")) == (404, "image_not_found")


@pytest.mark.parametrize(
    "path", ["/runtime/assets/game", "/runtime/player/image", "/runtime/assets/players/ines", "/design/images/x"]
)
def test_other_sizes_are_wrong_input(desk: Api, path: str) -> None:
    assert problems(desk.get(f"{path}?size=huge")) == [("/size", "ENUM_MISMATCH")]


# --- images of players ------------------------------------------------------------------------------------------------


def test_a_player_without_an_image_and_nobody_are_told_the_same(ines: Api) -> None:
    texts = set()
    for path in ("/runtime/player/image", "/runtime/assets/players/ines", "/runtime/assets/players/nobody"):
        response = ines.get(path)
        assert error(response) == (404, "image_not_found")
        texts.add(response.json()["error_description"])
    assert texts == {"The player has no display image"}
    assert problems(ines.get("/runtime/assets/players/:ada")) == [("/player_id", "PATTERN")]


def test_an_uploaded_image_comes_back_in_every_size(ines: Api) -> None:
    response = upload(ines, "/runtime/player/image", drawn(3000, 1500))
    assert response.status_code == 200
    assert list(response.json()) == ["id"]
    for size, longest in LONGEST.items():
        answer = ines.get(f"/runtime/player/image?size={size}")
        assert answer.headers["Content-Type"] == "image/png"
        assert read(answer.content).size == (longest, longest // 2)
    assert ines.get("/runtime/assets/players/ines").content == ines.get("/runtime/player/image").content


def test_nothing_is_enlarged(ines: Api) -> None:
    upload(ines, "/runtime/player/image", drawn(40, 20))
    assert {read(ines.get(f"/runtime/player/image?size={size}").content).size for size in LONGEST} == {
        (40, 20),
        (32, 16),
    }


def test_a_new_image_takes_the_place_of_the_old_one(ines: Api) -> None:
    first = upload(ines, "/runtime/player/image", drawn(colour="red")).json()["id"]
    second = upload(ines, "/runtime/player/image", drawn(colour="blue", kind="JPEG"), name="x.jpg").json()["id"]
    assert first != second
    assert Image.objects.count() == 1
    shown = read(ines.get("/runtime/player/image?size=icon").content).convert("RGB").getpixel((5, 5))
    assert isinstance(shown, tuple)
    assert shown[2] > 200 > 50 > shown[0]


def test_what_is_kept_says_nothing_about_the_camera_or_the_place(ines: Api) -> None:
    noted = PngInfo()
    noted.add_text("Comment", "at home")
    exif = Pillow.Exif()
    exif[0x0112] = 6  # the camera was turned
    exif[0x010F] = "A camera"
    for content in (drawn(pnginfo=noted), drawn(kind="JPEG", exif=exif, comment="at home", icc_profile=b"a profile")):
        upload(ines, "/runtime/player/image", content)
        kept = ines.get("/runtime/player/image").content
        assert read(kept).info == {}
        assert len(read(kept).getexif()) == 0
        for secret in (b"at home", b"A camera", b"a profile"):
            assert secret not in kept
    assert read(kept).size == (300, 600)


def test_transparency_survives(ines: Api) -> None:
    written = io.BytesIO()
    Pillow.new("RGBA", (50, 50), (255, 0, 0, 0)).save(written, "PNG")
    upload(ines, "/runtime/player/image", written.getvalue())
    assert read(ines.get("/runtime/player/image").content).getpixel((0, 0)) == (255, 0, 0, 0)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"no image", "INVALID_FORMAT"),
        (drawn(kind="GIF"), "INVALID_FORMAT"),
        (drawn(kind="BMP"), "INVALID_FORMAT"),
        (drawn()[:60], "INVALID_FORMAT"),
        (drawn(kind="JPEG")[:200], "INVALID_FORMAT"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "INVALID_FORMAT"),
        (drawn(8000, 6000, kind="PNG"), "MAXIMUM"),  # few bytes, many pixels
        (drawn(10, 10) + b"\0" * 2 * 1024 * 1024, "MAXIMUM"),
        (drawn(10, 10) + b"\0" * 4 * 1024 * 1024, "MAXIMUM"),
    ],
    ids=["text", "gif", "bmp", "short png", "short jpeg", "svg", "pixels", "bytes", "many bytes"],
)
def test_anything_else_is_wrong_input(ines: Api, content: bytes, code: str) -> None:
    assert problems(upload(ines, "/runtime/player/image", content)) == [("/file", code)]
    assert not Image.objects.exists()


def test_an_image_of_two_mebibytes_is_taken(ines: Api) -> None:
    largest = drawn(10, 10) + b"\0" * (2 * 1024 * 1024 - len(drawn(10, 10)))
    assert upload(ines, "/runtime/player/image", largest).status_code == 200


def test_a_body_without_the_file_is_wrong_input(ines: Api) -> None:
    assert problems(upload(ines, "/runtime/player/image", drawn(), field="photo")) == [
        ("/file", "OBJECT_MISSING_REQUIRED_PROPERTY")
    ]
    assert problems(ines.post("/runtime/player/image", {"file": "x"})) == [
        ("/file", "OBJECT_MISSING_REQUIRED_PROPERTY")
    ]
    broken = Browser().generic(
        "POST",
        "/v2/runtime/player/image?player_id=ines",
        b"x",
        content_type="multipart/form-data",
        headers={"Authorization": f"Bearer {ines.token}"},
    )
    assert problems(broken) == [("", "INVALID_FORMAT")]


def test_an_image_goes_with_its_player_and_is_part_of_what_is_told_about_one(ines: Api, quest: Realm) -> None:
    assert selectors.export(quest, "ines")["image"] is None
    upload(ines, "/runtime/player/image", drawn(4, 4))
    exported = base64.b64decode(selectors.export(quest, "ines")["image"])
    assert exported == ines.get("/runtime/player/image").content
    services.delete_player(quest, "ines")
    assert (Image.objects.count(), ImageFile.objects.count()) == (0, 0)


def test_players_of_other_worlds_have_images_of_their_own(ines: Api, quest: Realm) -> None:
    staging = Realm(quest.game, "staging")
    activate(staging, LIBRARY_QUEST)
    services.create_player(staging, "ines")
    services.set_player_image(staging, "ines", pictures.read_upload(drawn()))
    assert error(ines.get("/runtime/assets/players/ines")) == (404, "image_not_found")


# --- images of the design ---------------------------------------------------------------------------------------------


def test_a_design_names_images_that_were_uploaded_for_it(desk: Api) -> None:
    image_id = upload(desk, "/design/images", drawn(colour="green")).json()["id"]
    assert desk.get("/design/images").json() == [{"id": image_id}]
    assert read(desk.get(f"/design/images/{image_id}?size=small").content).size == (128, 64)
    desk.patch("/design/versions/latest/metrics/xp", {"image": image_id})
    items = desk.get("/design/versions/latest/metrics/badges").json()["constraints"]["items"]
    items[0]["image"] = image_id
    desk.patch("/design/versions/latest/metrics/badges", {"constraints": {"items": items}})
    desk.post("/design/versions/latest/deploy")
    own = desk.get(f"/design/images/{image_id}").content
    assert desk.get("/runtime/assets/definitions/metrics/xp").content == own
    assert desk.get("/runtime/assets/definitions/metrics/badges?item=Bookworm").content == own
    stock = pictures.stock_image("default-item", "original")
    assert desk.get("/runtime/assets/definitions/metrics/badges?item=Bookmark").content == stock


def test_the_album_of_stock_images_is_the_same_for_every_game(desk: Api) -> None:
    listed = [entry["id"] for entry in desk.get("/design/images?album=playlyfe").json()]
    assert listed == list(pictures.STOCK)
    for image_id in listed:
        assert desk.get(f"/design/images/{image_id}?size=medium").headers["Content-Type"] == "image/png"
    assert desk.get("/design/images").json() == []
    assert problems(desk.get("/design/images?album=holidays")) == [("/album", "ENUM_MISMATCH")]


def test_images_of_another_game_and_of_players_are_not_the_designs(desk: Api, ines: Api) -> None:
    activate(Realm("other"), {"game": {"id": "other"}})
    others = services.add_design_image(Realm("other"), pictures.read_upload(drawn()))
    players = upload(ines, "/runtime/player/image", drawn()).json()["id"]
    for image_id in (others, players, "nothing"):
        assert error(desk.get(f"/design/images/{image_id}")) == (404, "image_not_found")
    assert desk.get("/design/images").json() == []


# --- around them ------------------------------------------------------------------------------------------------------


def test_version_1_has_its_own_paths(ines: Api) -> None:
    upload(ines, "/runtime/player/image", drawn())
    old = Api(ines.token, "ines", base="/v1")
    for v1, v2 in [
        ("/assets/game?player_id=ines", "/runtime/assets/game"),
        ("/assets/players/ines?player_id=ines", "/runtime/assets/players/ines"),
        ("/assets/metrics/badges?item=Bookworm&player_id=ines", "/runtime/assets/definitions/metrics/badges"),
        ("/player/image", "/runtime/player/image"),
    ]:
        answer = old.get(v1)
        assert answer.status_code == 200
        if "item" not in v1:
            assert answer.content == ines.get(v2).content


def test_nobody_fetches_an_image_twice(ines: Api) -> None:
    upload(ines, "/runtime/player/image", drawn())
    for path in ("/runtime/player/image?size=icon", "/runtime/assets/players/ines", "/runtime/assets/game"):
        first = ines.get(path)
        assert first.headers["Cache-Control"] == "private, no-cache"
        again = ines.get(path, If_None_Match=first.headers["ETag"])
        assert (again.status_code, again.content) == (304, b"")
    known = ines.get("/runtime/player/image").headers["ETag"]
    upload(ines, "/runtime/player/image", drawn(colour="blue"))
    assert ines.get("/runtime/player/image", If_None_Match=known).status_code == 200


def test_a_number_of_queries_does_not_grow(ines: Api, count_queries: Any) -> None:
    upload(ines, "/runtime/player/image", drawn())
    ines.get("/runtime/assets/definitions/metrics/badges")  # the design is read once for a process
    for path, most in [
        ("/runtime/player/image", 3),  # the token, the game, the file
        ("/runtime/assets/definitions/metrics/badges?item=Bookworm", 2),  # the token, the game
        ("/runtime/assets/game", 2),
    ]:
        with count_queries() as counted:
            assert ines.get(path).status_code == 200
        assert len(counted) == most, (path, json.dumps(counted, indent=1))
