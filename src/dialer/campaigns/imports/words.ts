import { createSentences } from "../../../core/sentence.ts";
import { createTold } from "../../../core/sentence-told.ts";

/** Why a list cannot be read, or not to its end. */
export const LIST_SENTENCES = {
  emptyFile: "The file is empty.",
  oldExcel: "This is a workbook of an older Excel: save it as .xlsx or CSV.",
  large: "A list has at most {mb} MB.",
  nothing: "There is nothing in this file.",
  noNumber: "There is no phone number in this file.",
  stopped: "Enlace was stopped. What was read is kept: import the file again.",
  broke: "Something went wrong on our side: {error}",
  columnsMax: "The first row names more than {max} columns beside the number.",
  noSheet: "This workbook has no sheet.",
  textsMax: "This workbook has more texts than are taken: save the sheet as CSV.",
  rowLong: "Row {line} has more than {max} cells.",
  lineLong: "Line {line} has more than {max} fields.",
  damaged: "This workbook is damaged: {error}.",
  noPart: "This workbook has no part {name}.",
  noWorkbook: "This is no workbook: {error}.",
  partsMax: "This archive has too many parts for a workbook.",
  partLarge: "The part {name} of this workbook would unpack to too much.",
  line: "Line {line}: {error}",
} as const;

export const say = createSentences("list", LIST_SENTENCES);

/** An import keeps the English alone. */
export const toldOf = createTold("list", LIST_SENTENCES);
