// Makes world.json from Natural Earth's 1:50m countries (public domain) as packaged in npm's world-atlas 2.0.2.
// In: path of countries-50m.json. Out: world.json on stdout: outlines in Equal Earth (equal area), 1000 units wide, by ISO 3166-1
// numeric code ("Kosovo" by name, it has none), and the middle and size of each, so that small states can get a marker.
// Run where npm has installed topojson-client, topojson-simplify and d3-geo: node make.mjs countries-50m.json > world.json
import {readFileSync} from "node:fs";
import {createRequire} from "node:module";
const require = createRequire(process.cwd() + "/");
const {feature} = require("topojson-client");
const {presimplify, simplify} = require("topojson-simplify");
const {geoEqualEarth, geoPath} = await import(require.resolve("d3-geo"));

const world = JSON.parse(readFileSync(process.argv[2], "utf8"));
const kept = simplify(presimplify(world), 0.06);
const all = feature(kept, kept.objects.countries).features.filter((item) => item.id !== "010");
const projection = geoEqualEarth().rotate([-11, 0]).fitWidth(1000, {type: "FeatureCollection", features: all});
const path = geoPath(projection).digits(1);

// Points as whole numbers, each relative to the one before it: half the bytes of absolute decimals.
function pack(d) {
  return d.split("M").slice(1).map((ring) => {
    const points = ring.replace("Z", "").split("L").map((point) => point.split(",").map((n) => Math.round(n * 2)));
    const steps = points.slice(1).map(([x, y], i) => [x - points[i][0], y - points[i][1]]).filter(([x, y]) => x || y);
    if (steps.length < 3) return "";
    return `m${points[0]}l${steps.map(([x, y]) => `${x},${y}`).join(" ")}z`.replace(/[ ,]-/g, "-");
  }).join("").replace(/m/g, "M");
}

// Shown with the state whose territory the United Nations count it to; no border is drawn (docs/site.md, The map).
const PART_OF = {"N. Cyprus": "196", Somaliland: "706"};
const shapes = {};
for (const item of all) {
  const d = pack(path(item) || "");
  const [x, y] = path.centroid(item);
  const code = PART_OF[item.properties.name] || item.id || item.properties.name;
  if (shapes[code]) {
    shapes[code].d += d;
    continue;
  }
  shapes[code] = {d, x: Math.round(x * 2), y: Math.round(y * 2), size: Math.round(path.area(item) * 4)};
}
const [[, top], [, bottom]] = path.bounds({type: "FeatureCollection", features: all});
console.log(JSON.stringify({width: 2000, height: Math.ceil((bottom - top) * 2) + 4, shapes}));
