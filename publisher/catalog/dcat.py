"""Packages as DCAT-AP 3.0.1 (https://semiceu.github.io/DCAT-AP/releases/3.0.1/). In: a package's latest
release and its history. Out: graphs.

A package is a Dataset whose address never changes and whose distributions are those of the latest release. Its newest releases are
Datasets of their own in a DatasetSeries, each the previous version of the next. Every node has an address, so a graph has one form only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rdflib import RDF, Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCTERMS, FOAF, SKOS, XSD

from publisher import layout
from publisher.address import is_link, is_mail
from publisher.catalog import vocabulary
from publisher.package.metadata import FileInfo, Link, PackageInfo, TableInfo, Text

ADMS = Namespace("http://www.w3.org/ns/adms#")
DCAT = Namespace("http://www.w3.org/ns/dcat#")
DCATAP = Namespace("http://data.europa.eu/r5r/")
SPDX = Namespace("http://spdx.org/rdf/terms#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
_DATES = {4: XSD.gYear, 7: XSD.gYearMonth, 10: XSD.date}
"""Types of days by their length (DCAT-AP 3, dcat:startDate)."""
PROFILE = URIRef("http://data.europa.eu/r5r/")
PREFIXES = {
    "adms": str(ADMS),
    "dcat": str(DCAT),
    "dcatap": str(DCATAP),
    "dcterms": str(DCTERMS),
    "foaf": str(FOAF),
    "skos": str(SKOS),
    "spdx": str(SPDX),
    "vcard": str(VCARD),
    "xsd": str(XSD),
}
"""By which names are shortened; all properties and types are of these vocabularies."""
RELEASES = 20
"""Releases of a package that stand in its series, the newest; all are in versions.json."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A package in a catalogue. `history` is the pointer's, newest first; `complete` says that no older entries lie on pages."""

    info: PackageInfo
    history: Sequence[Mapping[str, Any]]
    complete: bool = True

    @property
    def releases(self) -> list[Mapping[str, Any]]:
        """Entries of releases that are not withdrawn, oldest first, and no more than are told of."""
        found = [item for item in self.history if item["kind"] == "release" and not item.get("yanked")]
        return found[:RELEASES][::-1]

    @property
    def is_told_whole(self) -> bool:
        """Whether every release there is stands among `releases`, so that the oldest is the first one."""
        found = [item for item in self.history if item["kind"] == "release" and not item.get("yanked")]
        return self.complete and len(found) <= RELEASES


@dataclass(frozen=True, slots=True)
class Face:
    """What a catalogue says of itself: `issued` and `modified` are RFC 3339 or empty, the others addresses or empty."""

    title: Text
    issued: str = ""
    modified: str = ""
    licence: str = ""
    publisher: str = ""


def describe_catalog(face: Face, *, key: str, base_url: str, languages: Sequence[str]) -> Graph:
    """The catalogue itself. Addresses are relative to the document at `key` where the public address is not known."""
    return _Writer(key, base_url, languages).write_catalog(face)


def describe_package(entry: Entry, *, key: str, base_url: str, languages: Sequence[str], brief: bool = False) -> Graph:
    """A package as an entry of the catalogue; `brief` leaves out releases, the service, and files but for each table's CSV, and
    leads to the package's own catalogue in their place."""
    return _Writer(key, base_url, languages).write_package(entry, brief)


def address_of_publisher(info: PackageInfo, base_url: str) -> str:
    """The node of a package's publisher, as catalog.ttl has it."""
    return f"{layout.address(base_url, layout.CATALOG, f'{info.name}/')}#publisher"


def address_of_licence(info: PackageInfo) -> str:
    """The licence of a package, "" where it has none with an address."""
    found = (vocabulary.licence(item.name, item.path) for item in info.licenses)
    return next((str(item) for item in found if item is not None), "")


class _Writer:
    def __init__(self, key: str, base_url: str, languages: Sequence[str]) -> None:
        self._key = key
        self._base = base_url
        self._languages = languages
        self.graph = new_graph()

    def write_catalog(self, face: Face) -> Graph:
        catalog, title = self._at(""), face.title
        self._type(catalog, DCAT.Catalog)
        self._text(catalog, DCTERMS.title, title)
        self._text(catalog, DCTERMS.description, title)
        self._add(catalog, FOAF.homepage, self._at(layout.page("")))
        self._type(self._at(layout.page("")), FOAF.Document)
        self._add(catalog, DCAT.themeTaxonomy, self._typed(vocabulary.authority("data-theme"), SKOS.ConceptScheme))
        self._text(vocabulary.authority("data-theme"), DCTERMS.title, Text("Data theme"))
        self._spoken(catalog)
        self._moment(catalog, DCTERMS.issued, face.issued)
        self._moment(catalog, DCTERMS.modified, face.modified)
        for name, address in ((DCTERMS.license, face.licence), (DCTERMS.publisher, face.publisher)):
            if address:
                self._add(catalog, name, URIRef(address))
        return self.graph

    def write_package(self, entry: Entry, brief: bool) -> Graph:
        info, catalog, folder = entry.info, self._at(""), f"{entry.info.name}/"
        dataset = self._at(folder)
        self._type(dataset, DCAT.Dataset)
        self._add(catalog, DCAT.dataset, dataset)
        self._described(dataset, info, info.title, info.description)
        self._add(dataset, DCAT.landingPage, self._typed(self._at(layout.page("", folder)), FOAF.Document))
        self._add(dataset, DCAT.version, Literal(info.version))
        self._text(dataset, DCTERMS.identifier, Text(info.name))
        for link in info.sources:
            if link.path:
                self._add(dataset, DCTERMS.relation, URIRef(link.path))
        self._spatial(catalog, info)
        if brief:
            for table in info.tables:
                for files in table.by_format[:1]:
                    self._add(dataset, DCAT.distribution, self._brief_distribution(info, table, files))
            self._add(dataset, FOAF.page, self._typed(self._at(layout.catalog(info.name)), FOAF.Document))
            return self.graph
        for table in info.tables:
            for files in table.by_format:
                self._add(dataset, DCAT.distribution, self._distribution(info, table, files))
        self._record(catalog, dataset, info)
        self._series(self._at(folder, "releases"), dataset, entry)
        self._service(catalog, dataset, info)
        return self.graph

    def _described(self, node: URIRef, info: PackageInfo, title: Text, description: Text) -> None:
        """What every Dataset of a package says."""
        self._text(node, DCTERMS.title, title)
        self._text(node, DCTERMS.description, description or title)
        self._keywords(node, info)
        self._spoken(node)
        self._spatial(node, info)
        self._temporal(node, info)
        self._add(node, DCTERMS.publisher, self._agent(info))
        self._add(node, DCAT.contactPoint, self._contact(info))
        self._add(
            node,
            DCTERMS.accessRights,
            self._typed(vocabulary.authority("access-right/PUBLIC"), DCTERMS.RightsStatement),
        )
        for theme in info.themes:
            self._theme(node, theme)
        frequency = vocabulary.authority(f"frequency/{info.frequency}")
        if info.frequency and is_link(frequency):
            self._add(node, DCTERMS.accrualPeriodicity, self._typed(frequency, DCTERMS.Frequency))
        self._moment(node, DCTERMS.modified, info.created)

    def _theme(self, node: URIRef, theme: str) -> None:
        if not is_link(vocabulary.theme(theme)):
            return
        concept = self._typed(vocabulary.theme(theme), SKOS.Concept)
        self._add(node, DCAT.theme, concept)
        self._add(concept, SKOS.prefLabel, Literal(theme.rpartition("/")[2]))

    def _series(self, series: URIRef, dataset: URIRef, entry: Entry) -> None:
        """The newest releases, oldest first; withdrawn ones are left out."""
        info = entry.info
        self._type(series, DCAT.DatasetSeries)
        self._text(series, DCTERMS.title, info.title)
        self._text(series, DCTERMS.description, info.version_rules or info.description or info.title)
        self._add(series, DCAT.contactPoint, self._contact(info))
        self._add(series, DCTERMS.publisher, self._agent(info))
        previous: URIRef | None = None
        for record in entry.releases:
            version = str(record["version"])
            release = self._at(layout.release_folder(info.name, version))
            self._type(release, DCAT.Dataset)
            titles = {language: f"{info.title(language)} {version}" for language in self._languages[1:]}
            self._described(release, info, Text(f"{info.title.default} {version}", titles), info.description)
            self.graph.set((release, DCTERMS.modified, Literal(str(record["published"]), datatype=XSD.dateTime)))
            self._moment(release, DCTERMS.issued, str(record["published"]))
            self._add(release, DCAT.version, Literal(version))
            self._add(release, DCAT.inSeries, series)
            self._add(release, DCAT.distribution, self._descriptor(info, version))
            self._add(dataset, DCAT.hasVersion, release)
            if previous is not None:
                self._add(release, DCAT.previousVersion, previous)
                self._add(release, DCAT.prev, previous)
            elif entry.is_told_whole:
                self._add(series, DCAT.first, release)
                self._moment(series, DCTERMS.issued, str(record["published"]))
                self._moment(dataset, DCTERMS.issued, str(record["published"]))
            previous = release
        if previous is not None:
            self._add(series, DCAT.last, previous)

    def _descriptor(self, info: PackageInfo, version: str) -> URIRef:
        """A release as one distribution: its datapackage.json, which leads to every file."""
        key = layout.release_file(info.name, version, layout.DESCRIPTOR)
        node = self._at(key, "distribution")
        self._type(node, DCAT.Distribution)
        self._text(node, DCTERMS.title, Text(f"{layout.DESCRIPTOR} {version}"))
        self._text(
            node, DCTERMS.description, Text("Data Package: names, describes and hashes every file of the release.")
        )
        self._access(node, info, layout.release_folder(info.name, version), [key], "json", "application/json")
        self._told(node)
        return node

    def _brief_distribution(self, info: PackageInfo, table: TableInfo, files: Sequence[FileInfo]) -> URIRef:
        """A table in one format, whose parts are one distribution: datapackage.json tells them apart."""
        file, keys = files[0], [layout.release_file(info.name, info.version, item.path) for item in files]
        access = keys[0] if len(keys) == 1 else layout.release_folder(info.name, info.version)
        node = self._at(layout.latest_file(info.name, file.path), "distribution")
        self._type(node, DCAT.Distribution)
        kind = file.format.upper()
        titles = {language: f"{table.title(language)} ({kind})" for language in self._languages[1:]}
        self._text(node, DCTERMS.title, Text(f"{table.title.default} ({kind})", titles))
        self._access(node, info, access, keys, file.format, file.mediatype)
        self._add(node, DCAT.byteSize, Literal(sum(item.bytes for item in files), datatype=XSD.nonNegativeInteger))
        return node

    def _distribution(self, info: PackageInfo, table: TableInfo, files: Sequence[FileInfo]) -> URIRef:
        node = self._brief_distribution(info, table, files)
        self._text(node, DCTERMS.description, table.description or table.title)
        self._moment(node, DCTERMS.modified, info.created)
        self._told(node)
        if len(files) == 1:
            self._checksum(node, files[0])
        standard = URIRef("https://datapackage.org/standard/table-schema/")
        self._add(node, DCTERMS.conformsTo, self._typed(standard, DCTERMS.Standard))
        return node

    def _checksum(self, node: URIRef, file: FileInfo) -> None:
        checksum = URIRef(f"{node}-checksum")
        self._type(checksum, SPDX.Checksum)
        self._add(checksum, SPDX.algorithm, self._typed(SPDX.checksumAlgorithm_sha256, SPDX.ChecksumAlgorithm))
        self._add(checksum, SPDX.checksumValue, Literal(file.sha256, datatype=XSD.hexBinary))
        self._add(node, SPDX.checksum, checksum)

    def _access(
        self, node: URIRef, info: PackageInfo, access: str, downloads: Sequence[str], kind: str, media: str
    ) -> None:
        self._add(node, DCAT.accessURL, self._at(access))
        for download in downloads:
            self._add(node, DCAT.downloadURL, self._at(download))
        self._add(node, DCTERMS["format"], self._typed(vocabulary.file_type(kind), DCTERMS.MediaTypeOrExtent))
        self._add(node, DCAT.mediaType, self._typed(vocabulary.media_type(media), DCTERMS.MediaType))
        if (licence := self._first_licence(info)) is not None:
            self._add(node, DCTERMS.license, licence)

    def _told(self, node: URIRef) -> None:
        """What is the same of every distribution, and so left out where it is brief."""
        self._add(node, DCATAP.availability, self._concept("planned-availability/STABLE", "stable"))
        self._spoken(node)

    def _concept(self, entry: str, label: str) -> URIRef:
        node = self._typed(vocabulary.authority(entry), SKOS.Concept)
        self._add(node, SKOS.prefLabel, Literal(label, lang="en"))
        return node

    def _service(self, catalog: URIRef, dataset: URIRef, info: PackageInfo) -> None:
        node = self._at(layout.data_index(info.name), "service")
        self._type(node, DCAT.DataService)
        self._add(catalog, DCAT.service, node)
        titles = {language: f"{info.title(language)}: JSON" for language in self._languages[1:]}
        self._text(node, DCTERMS.title, Text(f"{info.title.default}: JSON", titles))
        self._text(node, DCTERMS.description, info.description)
        self._add(node, DCAT.endpointURL, self._at(layout.data_index(info.name)))
        self._add(node, DCAT.endpointDescription, self._at(layout.openapi(info.name)))
        self._add(node, DCAT.servesDataset, dataset)
        self._add(node, DCTERMS.publisher, self._agent(info))
        self._add(node, DCAT.contactPoint, self._contact(info))
        self._keywords(node, info)
        self._add(
            node, DCTERMS.conformsTo, self._typed(URIRef("https://spec.openapis.org/oas/v3.1.1"), DCTERMS.Standard)
        )
        if (licence := self._first_licence(info)) is not None:
            self._add(node, DCTERMS.license, licence)
        for theme in info.themes:
            self._theme(node, theme)

    def _record(self, catalog: URIRef, dataset: URIRef, info: PackageInfo) -> None:
        node = self._at(f"{info.name}/", "record")
        self._type(node, DCAT.CatalogRecord)
        self._add(catalog, DCAT.record, node)
        self._add(node, FOAF.primaryTopic, dataset)
        self._moment(node, DCTERMS.modified, info.created)
        self._moment(node, DCTERMS.issued, info.created)
        self._add(node, DCTERMS.conformsTo, self._typed(PROFILE, DCTERMS.Standard))
        self._add(node, ADMS.status, self._concept("dataset-status/COMPLETED", "completed"))

    def _agent(self, info: PackageInfo) -> URIRef:
        node = self._at(f"{info.name}/", "publisher")
        self._type(node, FOAF.Agent)
        publisher = _publisher(info)
        self._text(node, FOAF.name, publisher.title if publisher else info.title)
        kind = URIRef(str(publisher.more.get("type", "")) if publisher else "")
        if is_link(kind):
            self._add(node, DCTERMS.type, self._typed(kind, SKOS.Concept))
        return node

    def _contact(self, info: PackageInfo) -> URIRef:
        """Who answers questions: a contributor's mail or page, else the package's own page."""
        node = self._at(f"{info.name}/", "contact")
        self._type(node, VCARD.Kind)
        self._type(node, VCARD.Organization)
        publisher = _publisher(info)
        mails = [mail for item in info.contributors if is_mail(mail := str(item.more.get("email") or ""))]
        self._text(node, VCARD.fn, publisher.title if publisher else info.title)
        if mails:
            self._add(node, VCARD.hasEmail, URIRef(f"mailto:{mails[0]}"))
        page = next((item.path for item in info.contributors if item.path), info.homepage)
        self._add(node, VCARD.hasURL, URIRef(page) if page else self._at(layout.page("", f"{info.name}/")))
        return node

    def _first_licence(self, info: PackageInfo) -> URIRef | None:
        for item in info.licenses:
            if (found := vocabulary.licence(item.name, item.path)) is not None:
                if (kind := vocabulary.licence_type(item.name)) is not None:
                    self._add(found, DCTERMS.type, self._typed(kind, SKOS.Concept))
                    self._add(kind, SKOS.prefLabel, Literal(str(kind).rpartition("/")[2], lang="en"))
                return self._typed(found, DCTERMS.LicenseDocument)
        return None

    def _keywords(self, node: URIRef, info: PackageInfo) -> None:
        for language, words in info.keywords.items():
            for word in words:
                self._add(node, DCAT.keyword, Literal(word, lang=language or self._languages[0]))

    def _spatial(self, node: URIRef, info: PackageInfo) -> None:
        if not info.spatial_uri and not info.spatial:
            return
        place = URIRef(info.spatial_uri) if info.spatial_uri else self._at(f"{info.name}/", "place")
        self._add(node, DCTERMS.spatial, self._typed(place, DCTERMS.Location))
        self._text(place, SKOS.prefLabel, info.spatial)

    def _temporal(self, node: URIRef, info: PackageInfo) -> None:
        if not any(info.temporal):
            return
        period = self._at(f"{info.name}/", "period")
        self._add(node, DCTERMS.temporal, self._typed(period, DCTERMS.PeriodOfTime))
        for name, day in zip((DCAT.startDate, DCAT.endDate), info.temporal, strict=True):
            if kind := _DATES.get(len(day)):
                self._add(period, name, Literal(day, datatype=kind))

    def _spoken(self, node: URIRef) -> None:
        for code in self._languages:
            if (found := vocabulary.language(code)) is not None:
                self._add(node, DCTERMS.language, self._typed(found, DCTERMS.LinguisticSystem))

    def _at(self, key: str, fragment: str = "") -> URIRef:
        address = layout.address(self._base, self._key, key)
        return URIRef(f"{address}#{fragment}" if fragment else address)

    def _add(self, node: URIRef, name: URIRef, value: URIRef | Literal) -> None:
        self.graph.add((node, name, value))

    def _type(self, node: URIRef, kind: URIRef) -> None:
        self.graph.add((node, RDF.type, kind))

    def _typed(self, node: URIRef, kind: URIRef) -> URIRef:
        """A node of somebody else's, its type and its list said here, since readers do not fetch it."""
        self._type(node, kind)
        if (scheme := vocabulary.scheme(node)) is not None:
            self._add(node, SKOS.inScheme, scheme)
        return node

    def _text(self, node: URIRef, name: URIRef, text: Text) -> None:
        """A text in each language that it was written in."""
        if text:
            self._add(node, name, Literal(text.default, lang=self._languages[0]))
        for language in self._languages[1:]:
            if language in text.translations:
                self._add(node, name, Literal(text(language), lang=language))

    def _moment(self, node: URIRef, name: URIRef, moment: str) -> None:
        if moment:
            self._add(node, name, Literal(moment, datatype=XSD.dateTime))


def new_graph(lines: Iterable[str] = ()) -> Graph:
    """A graph of N-Triples, in which the prefixes are those of PREFIXES."""
    graph = Graph(bind_namespaces="none")
    for prefix, space in PREFIXES.items():
        graph.bind(prefix, space)
    return graph.parse(data="\n".join(lines), format="nt") if lines else graph


def _publisher(info: PackageInfo) -> Link | None:
    """The contributor with the role of publisher, else the first one."""
    named = [item for item in info.contributors if "publisher" in (item.more.get("roles") or ())]
    return next(iter((*named, *info.contributors)), None)
