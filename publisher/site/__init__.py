"""The website. In: published releases. Out: pages for people, as objects of the store. `build` makes all of them, `plan` one by one."""

from publisher.site.build import Current, Page, build, folders, plan
from publisher.site.untranslated import untranslated

__all__ = ["Current", "Page", "build", "folders", "plan", "untranslated"]
