"""Where values go: by content, so that the same value is kept once.

Small plain data travels inside its reference and costs no I/O. Larger plain data is a JSON object,
text is text, bytes are bytes, tables are Parquet, arrays `.npy` and pictures PNG. Tables, arrays
and pictures inside plain data are objects of their own, which the JSON refers to. Everything else
stays in memory only: its reference has the format `NONE` and says why.

Nothing is pickled or unpickled but through a view that allows it: `Objects.allowing(pickle=True)`.

A reference of a kept value is made after its objects are durable, so whatever names it can be read.
Beside each object lies a preview, which nothing depends on: it is made anew when it is missing.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from flowbook.errors import ValueUnavailable
from flowbook.events.values import ValueFormat, ValueRef
from flowbook.store import forms, glance, pictures, preview
from flowbook.store.codec import Extent
from flowbook.store.disk import Disk, Durability
from flowbook.store.document import Document, joiner
from flowbook.store.forms import SUFFIX, Form, form_of, type_name
from flowbook.store.layout import Layout
from flowbook.store.plain import NotPlain, Plainer, TooLarge, restore
from flowbook.store.preview import Preview, Unseen
from flowbook.store.recent import Kept, Recent, mark_of

INLINE_BYTES = 4096
"""JSON of at most this length travels inside the reference."""
_ENDINGS = tuple(dict.fromkeys(SUFFIX.values()))
_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True, repr=False)
class Unavailable:
    """Stands where a value would be that cannot be brought back; `reason` says why.

    >>> Unavailable("socket.socket", "it was kept in memory only", None)
    <socket.socket unavailable: it was kept in memory only>
    """

    type: str
    reason: str
    ref: ValueRef | None

    def __repr__(self) -> str:
        return f"<{self.type} unavailable: {self.reason}>"


class Objects:
    """The `Vault` of one store.

    >>> import tempfile
    >>> vault = Objects(Layout(Path(tempfile.mkdtemp())))
    >>> vault.get(vault.put({"rows": list(range(2000))}))["rows"][-1]
    1999
    """

    def __init__(
        self,
        layout: Layout,
        *,
        durability: Durability = Durability.FSYNC,
        disk: Disk | None = None,
        prepare: Callable[[], object] = lambda: None,
        pickle: bool = False,
        recent: Recent | None = None,
    ) -> None:
        self._layout = layout
        self._recent = recent or Recent()
        self._durability = durability
        self._disk = disk or Disk()
        self._prepare = prepare
        self._pickle = pickle

    def allowing(self, *, pickle: bool) -> Objects:
        """The same vault for a flow that does, or does not, allow pickles.

        Reading a pickle runs the code in it, so allow it only where you trust whoever can write
        to the project folder.

        >>> import tempfile
        >>> vault = Objects(Layout(Path(tempfile.mkdtemp())))
        >>> vault.allowing(pickle=True).put(range(3)).format
        <ValueFormat.PICKLE: 'pickle'>
        """
        return Objects(
            self._layout,
            durability=self._durability,
            disk=self._disk,
            prepare=self._prepare,
            pickle=pickle,
            recent=self._recent,
        )

    def inline(self, value: object) -> ValueRef | None:
        """A reference made without any I/O, for plain data of up to 4 KiB; None for all else."""
        try:
            text = _encoder.encode(Plainer(budget=INLINE_BYTES // 2).convert(value))
        except (NotPlain, TooLarge, ValueError, RecursionError):
            return None
        return _inlined(value, text) if len(text) <= INLINE_BYTES else None

    def put(self, value: object, *, redacted: bool = False) -> ValueRef:
        """Keep `value` durably; blocking.

        `redacted` says that some of its fields were replaced: `get` will refuse it, `shown` gives
        it. A value that cannot be kept is no error: its reference has the format `NONE` and the
        reason.
        """
        ref = self.inline(value) or self._keep_or_say_why(value, seen=not redacted)
        return msgspec.structs.replace(ref, redacted=True) if redacted else ref

    def get(self, ref: ValueRef) -> object:
        """The value as it was; `ValueUnavailable` with the reason when it cannot be had.

        Never less than the value: what was redacted, or kept as a picture, is not given here.
        """
        if ref.redacted:
            raise _unavailable(ref, "it was redacted before it was kept")
        if ref.pictured:
            raise _unavailable(ref, "it, or something in it, was kept as a picture only")
        return self._bring(ref, self.get)

    def touch(self, ref: ValueRef) -> bool:
        """Let a value's objects count as made now; False when one of them is not there.

        A value that is inline, or was never kept, has none.
        """
        if not ref.inline and ref.format is not ValueFormat.NONE and not _touched(self._path(ref)):
            return False
        objects = self._layout.object
        return all(any(_touched(objects(part, end)) for end in _ENDINGS) for part in ref.parts)

    def shown(self, ref: ValueRef) -> object:
        """What there is to show of a value, for doors that show many: never raises.

        The value where it can be had; else its redacted form, a `StoredImage` of what was kept as
        a picture, or `Unavailable`, also in place of single parts of a dict or list.
        """
        try:
            return self._bring(ref, self.shown)
        except ValueUnavailable as error:
            if ref.format is ValueFormat.IMAGE and isinstance(error.__cause__, ImportError):
                with suppress(OSError, ValueError):  # Pillow is not there, its picture is
                    return pictures.stored(self._path(ref).read_bytes(), ref.type)
            return Unavailable(ref.type, error.reason, ref)

    def file(self, ref: ValueRef) -> Path:
        """Where a kept value lies, for whoever reads a part of it; as `get` refuses, so does this.

        Not for a value that is inline, which lies nowhere.
        """
        if ref.redacted or ref.inline or ref.format is ValueFormat.NONE:
            raise _unavailable(ref, ref.reason or "it was redacted before it was kept")
        if not (path := self._path(ref)).exists():
            raise _unavailable(ref, f"{path} is not there")
        return path

    def preview(self, ref: ValueRef) -> Preview | None:
        """What a kept value looks like, without opening it; None when it is gone.

        A preview that is missing or damaged is made anew, if its object is there, and kept if the
        folder can be written.
        """
        if (reason := _unseen(ref)) is not None:
            return Preview(ref.type, ref.format, ref.size, Unseen(reason))
        if not ref.inline:
            with suppress(OSError, msgspec.MsgspecError, RecursionError):
                found = preview.decode(self._layout.preview(ref.hash).read_bytes())
                if found.format is ref.format:  # the same bytes may be kept as text and as bytes
                    return msgspec.structs.replace(found, type=ref.type)
        try:
            return self._look(ref, self._bring(ref, _Brief))
        except ValueUnavailable:
            return None

    # ------------------------------------------------------------ keeping

    def _keep_or_say_why(self, value: object, *, seen: bool) -> ValueRef:
        try:
            return self._keep(value, seen=seen)
        except OSError as error:
            reason = _reason(error)
        except Exception as error:  # noqa: BLE001  # any library's refusal is a reason, not a failure
            if self._pickle:
                return self._keep_pickle(value)
            reason = _reason(error)
        return ValueRef("", ValueFormat.NONE, type_name(value), reason=reason)

    def _keep_pickle(self, value: object) -> ValueRef:
        form = Form(ValueFormat.PICKLE, type_name(value))
        try:
            return self._keep_file(form, value, seen=False)
        except Exception as error:  # noqa: BLE001  # anything may refuse to be pickled
            return ValueRef("", ValueFormat.NONE, form.kind, reason=_reason(error))

    def _keep(self, value: object, *, seen: bool) -> ValueRef:
        if (form := form_of(value)) is not None:
            return self._keep_file(form, value, seen=seen)
        if (raw := forms.raw(value)) is not None:
            return self._keep_bytes(*raw, value, seen=seen)

        def keep(form: Form, part: object) -> ValueRef:
            whole = forms.raw(part)
            if whole is not None:
                return self._keep_bytes(*whole, part, seen=seen)
            return self._keep_file(form, part, seen=seen)

        document = Document(value, keep)
        if len(document.text) <= INLINE_BYTES:
            ref = _inlined(value, document.text)
        else:
            form = Form(ValueFormat.JSON, type_name(value))
            ref = self._keep_bytes(form, document.text, value, seen=seen)
        return msgspec.structs.replace(
            ref,
            rows=_length(value),
            parts=tuple(sorted({part.hash for part in document.parts})),
            pictured=any(part.pictured for part in document.parts),
        )

    def _keep_bytes(self, form: Form, data: bytes, value: object, *, seen: bool) -> ValueRef:
        digest = hashlib.sha256(data).hexdigest()
        final = self._layout.object(digest, SUFFIX[form.format])
        if not _touched(final):
            with self._disk.staged(self._ready()) as staged:
                staged.write_bytes(data)
                self._disk.publish(staged, final, self._durability)
        return self._seen(_reference(form, digest, len(data), Extent()), value, seen=seen)

    def _keep_file(self, form: Form, value: object, *, seen: bool) -> ValueRef:
        mark = mark_of(form, value)
        kept = self._recent.find(mark)
        if kept is None or not _touched(self._layout.object(kept.digest, SUFFIX[form.format])):
            kept = self._write(form, value)
            self._recent.add(mark, kept)
        return self._seen(_reference(form, kept.digest, kept.size, kept.extent), value, seen=seen)

    def _write(self, form: Form, value: object) -> Kept:
        with self._disk.staged(self._ready()) as staged:
            extent = forms.write(form.format, value, staged)
            with staged.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            size = staged.stat().st_size
            final = self._layout.object(digest, SUFFIX[form.format])
            if not _touched(final):
                self._disk.publish(staged, final, self._durability)
        return Kept(digest, size, extent)

    def _ready(self) -> Path:
        self._prepare()
        self._disk.make_directory(self._layout.objects, self._durability)
        return self._layout.objects

    # ------------------------------------------------------------ bringing back

    def _bring(self, ref: ValueRef, part: Callable[[ValueRef], object]) -> object:
        if ref.format is ValueFormat.NONE:
            raise _unavailable(ref, ref.reason or "it was kept in memory only")
        if ref.format is ValueFormat.PICKLE and not self._pickle:
            raise _unavailable(ref, "it is a pickle, and the flow does not allow pickles")
        try:
            if ref.inline:
                return restore(msgspec.json.decode(ref.inline), joiner(part))
            path = self._path(ref)
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            if digest != ref.hash:
                raise _unavailable(ref, f"{path} is damaged")  # noqa: TRY301 - as all others here
            if ref.format is ValueFormat.JSON:
                return restore(msgspec.json.decode(path.read_bytes()), joiner(part))
            return forms.read(ref.format, path, ref.type)
        except ValueUnavailable as error:
            if error.ref is ref:
                raise
            raise _unavailable(ref, f"{error.ref.type} in it: {error.reason}") from error
        except FileNotFoundError:
            raise _unavailable(ref, f"{self._path(ref)} is not there") from None
        except Exception as error:
            raise _unavailable(ref, str(error) or type(error).__name__) from error

    def _path(self, ref: ValueRef) -> Path:
        return self._layout.object(ref.hash, SUFFIX[ref.format])

    # ------------------------------------------------------------ looking

    def _seen(self, ref: ValueRef, value: object, *, seen: bool) -> ValueRef:
        """The reference, once its preview is there; without one if the value is not to be seen."""
        if seen and not self._layout.preview(ref.hash).exists():
            self._look(ref, value)
        return ref

    def _look(self, ref: ValueRef, value: object) -> Preview:
        """The preview, made of the value and laid beside its object; no failure is an error."""
        try:
            picture = ref.format is ValueFormat.IMAGE
            shown = glance.show_png(self._path(ref).read_bytes()) if picture else glance.show(value)
            text = preview.encode(Preview(ref.type, ref.format, ref.size, shown))
        except Exception as error:  # noqa: BLE001 - a library's own code ran
            unseen = Unseen(f"cannot be shown: {type(error).__name__}: {error}"[:200])
            text = preview.encode(Preview(ref.type, ref.format, ref.size, unseen))
        if not ref.inline:
            with suppress(OSError), self._disk.staged(self._layout.objects) as staged:
                staged.write_bytes(text)
                self._disk.publish(staged, self._layout.preview(ref.hash), Durability.OFF)
        return preview.decode(text)


class _Brief:
    """Stands for a part in the preview of the whole."""

    def __init__(self, ref: ValueRef) -> None:
        self._ref = ref

    def __str__(self) -> str:
        name = self._ref.type.rpartition(".")[2]
        if self._ref.columns is None:
            return name
        return f"{name} ({self._ref.rows}, {len(self._ref.columns)})"


def _reference(form: Form, digest: str, size: int, extent: Extent) -> ValueRef:
    return ValueRef(
        digest,
        form.format,
        form.kind,
        size=size,
        rows=extent.rows,
        columns=extent.columns,
        pictured=form.pictured,
    )


def _inlined(value: object, text: bytes) -> ValueRef:
    return ValueRef(
        hashlib.sha256(text).hexdigest(),
        ValueFormat.JSON,
        type_name(value),
        size=len(text),
        rows=_length(value),
        inline=msgspec.Raw(text),
    )


def _length(value: object) -> int | None:
    """How many rows, of a list of records; other plain data is no table."""
    if not isinstance(value, list) or not value:
        return None
    return len(value) if all(isinstance(one, dict) for one in value) else None


def _unseen(ref: ValueRef) -> str | None:
    """Why a value is not to be looked at; None when it is."""
    if ref.redacted:
        return "redacted before it was kept"
    if ref.format is ValueFormat.PICKLE:
        return "a pickle, which is not opened to be shown"
    if ref.format is ValueFormat.NONE:
        return ref.reason or "kept in memory only"
    return None


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, NotPlain) else f"{type(error).__name__}: {error}"


def _unavailable(ref: ValueRef, reason: str) -> ValueUnavailable:
    hint = "run the node again to make it anew"
    if ref.format is ValueFormat.PICKLE:
        hint = "a flow that allows pickles can read it; reading one runs the code in it"
    elif ref.redacted or ref.pictured:
        hint = "what was kept can be shown; run the node again for the value itself"
    return ValueUnavailable(
        f"the stored {ref.type} cannot be brought back: {reason}",
        hint=hint,
        ref=ref,
        reason=reason,
    )


def _touched(path: Path) -> bool:
    """True when the object is there; its age then counts from now."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True
