package inert

// The elements and attributes of ECMA-376 part 1, 18, that neither calculate
// nor lead anywhere. They are meant to be read beside that text: in its order.
// What is read by a function of its own (cells, validations, links) is listed
// too, and inspected there.

const sheetGrammar = `
worksheet  sheetPr dimension sheetViews sheetFormatPr cols sheetData sheetProtection autoFilter mergeCells phoneticPr conditionalFormatting dataValidations hyperlinks printOptions pageMargins pageSetup headerFooter rowBreaks colBreaks ignoredErrors
sheetPr  @filterMode tabColor outlinePr pageSetUpPr
tabColor,color  @auto @indexed @rgb @theme @tint
outlinePr  @applyStyles @summaryBelow @summaryRight @showOutlineSymbols
pageSetUpPr  @autoPageBreaks @fitToPage
dimension  @ref
sheetViews  + sheetView
sheetView  @windowProtection @showFormulas @showGridLines @showRowColHeaders @showZeros @rightToLeft @tabSelected @showRuler @showOutlineSymbols @defaultGridColor @showWhiteSpace @view @topLeftCell @colorId @zoomScale @zoomScaleNormal @zoomScaleSheetLayoutView @zoomScalePageLayoutView @workbookViewId pane selection
pane  @xSplit @ySplit @topLeftCell @activePane @state
selection  @pane @activeCell @activeCellId @sqref
sheetFormatPr  @baseColWidth @defaultColWidth @defaultRowHeight @customHeight @zeroHeight @thickTop @thickBottom @outlineLevelRow @outlineLevelCol
cols  + col
col  @min @max @width @style @hidden @bestFit @customWidth @phonetic @outlineLevel @collapsed
sheetData  row
row  @r @spans @s @customFormat @ht @hidden @customHeight @outlineLevel @collapsed @thickTop @thickBot @ph c
c  @r @s @t @ph
sheetProtection  @algorithmName @hashValue @saltValue @spinCount @password @sheet @objects @scenarios @formatCells @formatColumns @formatRows @insertColumns @insertRows @insertHyperlinks @deleteColumns @deleteRows @selectLockedCells @sort @autoFilter @pivotTables @selectUnlockedCells
autoFilter  @ref filterColumn
filterColumn  @colId @hiddenButton @showButton filters top10 customFilters dynamicFilter
filters  @blank @calendarType filter dateGroupItem
filter  @val
dateGroupItem  @year @month @day @hour @minute @second @dateTimeGrouping
top10  @top @percent @val @filterVal
customFilters  @and customFilter
customFilter  @operator @val
dynamicFilter  @type @val @valIso @maxVal @maxValIso
mergeCells  # + mergeCell
mergeCell  @ref
phoneticPr  @fontId @type @alignment
conditionalFormatting  @pivot @sqref + cfRule
cfRule  @type @dxfId @priority @stopIfTrue @aboveAverage @percent @bottom @operator @text @timePeriod @rank @stdDev @equalAverage formula colorScale dataBar iconSet
formula,formula1,formula2  =
colorScale  cfvo color
dataBar  @minLength @maxLength @showValue cfvo color
iconSet  @iconSet @showValue @percent @reverse cfvo
cfvo  @type @val @gte
dataValidations  @disablePrompts @xWindow @yWindow # + dataValidation
dataValidation  @type @errorStyle @imeMode @operator @allowBlank @showDropDown @showInputMessage @showErrorMessage @errorTitle @error @promptTitle @prompt @sqref formula1 formula2
hyperlinks  + hyperlink
hyperlink  @ref @location @tooltip @display
printOptions  @horizontalCentered @verticalCentered @headings @gridLines @gridLinesSet
pageMargins  @left @right @top @bottom @header @footer
pageSetup  @paperSize @paperHeight @paperWidth @scale @firstPageNumber @fitToWidth @fitToHeight @pageOrder @orientation @blackAndWhite @draft @cellComments @useFirstPageNumber @errors @horizontalDpi @verticalDpi @copies
headerFooter  @differentOddEven @differentFirst @scaleWithDoc @alignWithMargins oddHeader oddFooter evenHeader evenFooter firstHeader firstFooter
oddHeader,oddFooter,evenHeader,evenFooter,firstHeader,firstFooter  @space =
rowBreaks,colBreaks  @manualBreakCount # + brk
brk  @id @min @max @man
ignoredErrors  + ignoredError
ignoredError  @sqref @evalError @twoDigitTextYear @numberStoredAsText @unlockedFormula @emptyCellReference
is  t r rPh phoneticPr
` + textGrammar

// textGrammar is rich text: of a cell, of the table of texts, of a comment.
const textGrammar = `
r  rPr t
rPr  rFont charset family b i strike outline shadow condense extend color sz u vertAlign scheme
rFont,charset,family,b,i,strike,outline,shadow,condense,extend,sz,u,vertAlign,scheme,name  @val
color  @auto @indexed @rgb @theme @tint
t  @space =
rPh  @sb @eb t
phoneticPr  @fontId @type @alignment
`

const stringsGrammar = `
sst  si
si  t r rPh phoneticPr
` + textGrammar

const stylesGrammar = `
styleSheet  numFmts fonts fills borders cellStyleXfs cellXfs cellStyles dxfs tableStyles colors
numFmts  # + numFmt
numFmt  @numFmtId @formatCode
fonts  # + font
font  b i strike condense extend outline shadow u vertAlign sz color name family charset scheme
b,i,strike,condense,extend,outline,shadow,u,vertAlign,sz,name,family,charset,scheme  @val
color,fgColor,bgColor,tabColor  @auto @indexed @rgb @theme @tint
fills  # + fill
fill  patternFill gradientFill
patternFill  @patternType fgColor bgColor
gradientFill  @type @degree @left @right @top @bottom stop
stop  @position color
borders  # + border
border  @diagonalUp @diagonalDown @outline start end left right top bottom diagonal vertical horizontal
start,end,left,right,top,bottom,diagonal,vertical,horizontal  @style color
cellStyleXfs,cellXfs  # + xf
xf  @numFmtId @fontId @fillId @borderId @xfId @quotePrefix @pivotButton @applyNumberFormat @applyFont @applyFill @applyBorder @applyAlignment @applyProtection alignment protection
alignment  @horizontal @vertical @textRotation @wrapText @indent @relativeIndent @justifyLastLine @shrinkToFit @readingOrder
protection  @locked @hidden
cellStyles  # + cellStyle
cellStyle  @name @xfId @builtinId @iLevel @hidden @customBuiltin
dxfs  # dxf
dxf  font numFmt fill alignment border protection
tableStyles  @defaultTableStyle @defaultPivotStyle # tableStyle
tableStyle  @name @pivot @table # tableStyleElement
tableStyleElement  @type @size @dxfId
colors  indexedColors mruColors
indexedColors  + rgbColor
rgbColor  @rgb
mruColors  + color
`

const bookGrammar = `
workbook  workbookPr workbookProtection bookViews sheets definedNames
workbookPr  @date1904
workbookProtection  @workbookPassword @lockStructure @lockWindows @workbookAlgorithmName @workbookHashValue @workbookSaltValue @workbookSpinCount
bookViews  + workbookView
workbookView  @visibility @minimized @showHorizontalScroll @showVerticalScroll @showSheetTabs @xWindow @yWindow @windowWidth @windowHeight @tabRatio @autoFilterDateGrouping
sheets  + sheet
sheet  @name @sheetId @state
definedNames  + definedName
definedName  @name @comment @localSheetId @hidden =
`

const tableGrammar = `
table  @id @name @displayName @comment @ref @headerRowCount @totalsRowCount @totalsRowShown @headerRowDxfId @dataDxfId @totalsRowDxfId @headerRowBorderDxfId @tableBorderDxfId @totalsRowBorderDxfId autoFilter tableColumns tableStyleInfo
autoFilter  @ref filterColumn
filterColumn  @colId @hiddenButton @showButton filters customFilters
filters  @blank @calendarType filter dateGroupItem
filter  @val
dateGroupItem  @year @month @day @hour @minute @second @dateTimeGrouping
customFilters  @and customFilter
customFilter  @operator @val
tableColumns  # + tableColumn
tableColumn  @id @name @totalsRowLabel @headerRowDxfId @dataDxfId @totalsRowDxfId
tableStyleInfo  @name @showFirstColumn @showLastColumn @showRowStripes @showColumnStripes
`

const threadsGrammar = `
ThreadedComments  threadedComment
threadedComment  @ref @dT @personId @id @parentId @done text
text  @space =
`

const personsGrammar = `
personList  person
person  @displayName @id @userId @providerId
`
