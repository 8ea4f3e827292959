// Where the lab is on its host, which may have it below a path of its own: modules.py serves this module three folders below.
export const LAB = new URL("../../../", import.meta.url).href
