// SPDX-License-Identifier: Apache-2.0

/// The instructions of the virtual machine. One is a 32-bit word: the opcode in the low 8 bits, an operand above.
/// Comments give the operand stack before and after.
enum Opcode: UInt8 {
    /// x -
    case pop
    /// x - x x
    case dup
    /// x y - x y x y
    case dup2
    /// - None
    case none
    /// - True
    case yes
    /// - False
    case no
    /// - constants[k]
    case constant

    /// - locals[i]; an error when unbound
    case local
    /// x -
    case setLocal
    /// - the value in the cell locals[i]
    case localCell
    /// x -
    case setLocalCell
    /// - the cell locals[i] itself
    case cellReference
    /// - the value in the cell free[i]
    case free
    /// - the cell free[i] itself
    case freeReference
    /// - globals[i]
    case global
    /// x -
    case setGlobal

    /// x y - z
    case add, subtract, multiply
    /// x y - z, operator in the operand
    case binary
    /// x y - bool, operator in the operand
    case compare
    /// x y - bool
    case contains
    /// x y - bool
    case notContains
    /// x - z
    case not, negate, plus, invert
    /// x y - z; a list takes `y` in place
    case inPlaceAdd
    /// x y - z; a dict or set takes `y` in place
    case inPlaceOr

    /// x i - x[i]
    case index
    /// x i v -
    case setIndex
    /// x - x.name
    case attribute
    /// x v -
    case setField
    /// x from to step - x[from:to:step]
    case slice

    /// n values - tuple
    case makeTuple
    /// n values - list
    case makeList
    /// - dict
    case makeDict
    /// dict k v - dict; a repeated key is an error
    case insertUnique
    /// list (d iterators) x - list (d iterators)
    case listAppend
    /// dict (d iterators) k v - dict (d iterators)
    case dictInsert

    /// iterable - iterator
    case iterate
    /// iterator - iterator x; jumps at the end
    case next
    /// iterator - iterator; sets the local that the next word names, or jumps at the end
    case nextLocal
    /// sequence - n values, the first on top
    case unpack

    /// -
    case jump
    /// x -
    case jumpIfFalse
    /// x -
    case jumpIfTrue
    /// x - x when it jumps, x - otherwise
    case jumpIfFalseOrPop
    /// x - x when it jumps, x - otherwise
    case jumpIfTrueOrPop

    /// f and n arguments - result
    case call
    /// x - method x, or value and a filler where `name` is no method
    case loadMethod
    /// method x and n arguments - result
    case callMethod
    /// f, arguments as callSites[k] describes - result
    case callSite
    /// defaults, cells - function
    case makeFunction
    /// - values as loadSites[k] names them
    case load
    /// x - leaves the function
    case leave
}
