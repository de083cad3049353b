"""Files: LAS/LAZ through laspy, PDAL pipelines, COG, GeoPackage and STAC."""
