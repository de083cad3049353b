"""What a QGIS user does, without a window: run by Debian's Python, one action a process; prints JSON.

    /usr/bin/python3 qgis_client.py ACTION JSON

QGIS waits for a person at the terminal when it is not let in, and may crash when it ends: callers set a time limit, and
the process leaves without cleaning up.
"""

import json
import os
import sys
import tempfile

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["QGIS_AUTH_DB_DIR_PATH"] = tempfile.mkdtemp()
os.environ["HOME"] = tempfile.mkdtemp()

from qgis.core import (
    QgsApplication,
    QgsAuthMethodConfig,
    QgsCoordinateReferenceSystem,
    QgsFeatureRequest,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
    QgsRaster,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorLayerUtils,
)
from qgis.PyQt.QtCore import QSize

AUTHCFG = "forestg"


def enter(asked):
    """Keep the credentials as QGIS does, encrypted, under an id."""
    manager = QgsApplication.authManager()
    manager.setMasterPassword("master", True)
    config = QgsAuthMethodConfig()
    config.setId(AUTHCFG)
    config.setName("forestgis")
    config.setMethod("Basic")
    config.setConfig("username", asked["user"])
    config.setConfig("password", asked["token"])
    assert manager.storeAuthenticationConfig(config)


def vector(asked):
    """Add a layer of features by WFS or OGC API - Features."""
    place = {"WFS": "/wfs", "OAPIF": "/ogc"}[asked["provider"]]
    name = f"forest:{asked['layer']}" if asked["provider"] == "WFS" else asked["layer"]
    srs = f" srsname='{asked['srs']}'" if "srs" in asked else ""
    version = " version='2.0.0'" if asked["provider"] == "WFS" else ""
    box = " restrictToRequestBBOX='1'" if "box" in asked else ""
    source = f" pagingEnabled='true'{box} typename='{name}' url='{asked['address']}{place}'{version}{srs} authcfg='{AUTHCFG}'"
    return QgsVectorLayer(source, asked["layer"], asked["provider"])


def read(asked):
    """Read all features of a layer, or those in a box."""
    layer = vector(asked)
    request = QgsFeatureRequest()
    if "box" in asked:
        request.setFilterRect(QgsRectangle(*asked["box"]))
    features = list(layer.getFeatures(request))
    kept = asked.get("keep", 5)
    return {
        "valid": layer.isValid(),
        "crs": layer.crs().authid(),
        "count": len(features),
        "distinct": len({feature.attribute(asked.get("key", "run")) for feature in features}),
        "fields": [field.name() for field in layer.fields()],
        "first": [str(feature.attribute(asked.get("key", "run"))) for feature in features[:kept]],
        "corner": [
            features[0].geometry().boundingBox().xMinimum(),
            features[0].geometry().boundingBox().yMinimum(),
        ]
        if features
        else None,
    }


def draw(asked):
    """Render a WMS layer and ask for what is at the middle."""
    source = f"crs=EPSG:{asked['epsg']}&format=image/png&layers={asked['layer']}&styles=&url={asked['address']}/wms&authcfg={AUTHCFG}"
    layer = QgsRasterLayer(source, asked["layer"], "wms")
    extent = QgsRectangle(*asked["box"])
    html = QgsRaster.IdentifyFormatHtml
    found = layer.dataProvider().identify(extent.center(), html, extent, 256, 256)
    return {
        "valid": layer.isValid(),
        "colours": colours([layer], extent, asked["epsg"]),
        "found": [str(text) for text in found.results().values()],
    }


def colours(layers, extent, epsg):
    """Draw layers and count the colours of the picture."""
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setDestinationCrs(QgsCoordinateReferenceSystem.fromEpsgId(epsg))
    settings.setExtent(extent)
    settings.setOutputSize(QSize(256, 256))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    assert not job.errors(), [error.message for error in job.errors()]
    return len({image.pixel(x, y) for x in range(0, 256, 4) for y in range(0, 256, 4)})


def edit(asked):
    """Change, add and delete a road."""
    layer = vector({**asked, "provider": "OAPIF", "layer": "road"})
    can = layer.dataProvider().capabilitiesString()
    if "Add Features" not in can:
        return {"can": can, "version": QgsApplication.instance().applicationVersion()}
    feature = next(layer.getFeatures(f"\"name\" = '{asked['name']}'"))
    layer.startEditing()
    added = QgsVectorLayerUtils.createFeature(
        layer, feature.geometry(), dict(enumerate(feature.attributes()))
    )
    layer.changeAttributeValue(feature.id(), layer.fields().indexOf("name"), "QGISで改称")
    added.setAttribute("name", "QGISで追加")
    layer.addFeature(added)
    return {"can": can, "committed": layer.commitChanges(), "errors": layer.commitErrors()}


def named(layer_id):
    """Return the name of the layer that an id of the project stands for."""
    return layer_id.removeprefix("forestgis_")


def project(asked):
    """Open a project file and look at every layer."""
    opened = QgsProject.instance()
    done = opened.read(asked["path"])
    layers = opened.mapLayers().values()
    tree = opened.layerTreeRoot()
    vectors = {named(layer.id()): layer for layer in layers if isinstance(layer, QgsVectorLayer)}
    return {
        "done": done,
        "invalid": [layer.name() for layer in layers if not layer.isValid()],
        "layers": sorted(named(layer.id()) for layer in layers),
        "groups": {group.name(): [named(node.layerId()) for node in group.findLayers()] for group in tree.findGroups()},
        "legend": {name: [rule.label() for rule in layer.renderer().rootRule().children()] for name, layer in vectors.items()},
        "aliases": {name: [layer.attributeDisplayName(n) for n in range(len(layer.fields()))] for name, layer in vectors.items()},
        "widgets": {name: {field.name(): layer.editorWidgetSetup(n).type() for n, field in enumerate(layer.fields())} for name, layer in vectors.items()},
        "read_only": {name: [field.name() for n, field in enumerate(layer.fields()) if layer.editFormConfig().readOnly(n)] for name, layer in vectors.items()},
        "labelled": [name for name, layer in vectors.items() if layer.labelsEnabled()],
        "colours": colours([opened.mapLayer(f"forestgis_{name}") for name in asked["draw"]], QgsRectangle(*asked["box"]), 3857),
    }  # fmt: skip


def style(asked):
    """Load a QML file onto a layer."""
    layer = vector(asked)
    message, done = layer.loadNamedStyle(asked["path"])
    rules = layer.renderer().rootRule().children()
    return {"done": done, "message": message, "legend": [rule.label() for rule in rules]}


if __name__ == "__main__":
    QgsApplication.setPrefixPath("/usr", True)
    application = QgsApplication([], False)
    application.initQgis()
    asked = json.loads(sys.argv[2])
    enter(asked)
    answer = {"read": read, "draw": draw, "edit": edit, "project": project, "style": style}[
        sys.argv[1]
    ](asked)
    sys.stdout.write("\n" + json.dumps(answer, ensure_ascii=False) + "\n")
    sys.stdout.flush()
    os._exit(0)
